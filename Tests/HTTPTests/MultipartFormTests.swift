import HTTP
import Testing

@Suite("Forms")
struct MultipartFormTests {
    private func form(_ body: String, boundary: String = "XX") throws -> MultipartForm {
        try MultipartForm(Array(body.utf8), boundary: boundary)
    }

    @Test("fields and files are parted; contents are as they came")
    func parts() throws {
        let body =
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n"
            + "--XX\r\ncontent-disposition:form-data;name=file; filename=\"x;\\\"y\\\".wav\"\r\nContent-Type: audio/wav\r\n\r\n"
            + "\r\n--XY\r\n--X\r\n--XX\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX--\r\nafter"
        let parts = try form(body).parts
        #expect(parts.map(\.name) == ["a", "file", "empty"])
        #expect(parts.map(\.filename) == [nil, "x;\"y\".wav", nil])
        #expect(parts.map(\.text) == ["one\r\ntwo", "\r\n--XY\r\n--X", ""])
    }

    @Test("what is before the first boundary means nothing; a form may be empty")
    func preamble() throws {
        #expect(
            try form("hello\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX--").parts.count == 1
        )
        #expect(try form("--XX--").parts.isEmpty)
    }

    @Test("bytes are kept, whatever they are")
    func bytes() throws {
        let head = Array("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n".utf8)
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) } + [13, 10, 45, 45, 88, 13, 10]
        let form = try MultipartForm(head + content + Array("\r\n--XX--".utf8), boundary: "XX")
        #expect(form.parts.count == 1 && form.parts[0].content.elementsEqual(content))
        #expect(form.parts[0].filename == "")
    }

    @Test(
        "a malformed form is refused",
        arguments: [
            "", "--XX", "--XX\r\n", "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end",
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n--XX--", "--XX\r\n\r\nno headers\r\n--XX--",
            "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--XX--",
            "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--", "--YY\r\n\r\n--YY--",
        ]
    )
    func malformed(_ body: String) {
        let fault = #expect(throws: HTTPFault.self) { try form(body) }
        #expect(fault?.status == .badRequest)
    }

    @Test("a form has a bounded number of parts, and of bytes of headers")
    func bounds() {
        let part = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
        #expect(throws: HTTPFault.self) { try form(String(repeating: part, count: 129) + "--XX--") }
        let long =
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n1\r\n--XX--"
        #expect(throws: HTTPFault.self) { try form(long) }
    }

    @Test("the header tells the boundary")
    func header() throws {
        let body = Array("--a b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--a b--".utf8)
        var request = HTTPRequest(method: .post, path: "/", body: body)
        request.headers["Content-Type"] = "multipart/form-data; charset=utf-8; boundary=\"a b\""
        #expect(try request.form().parts.count == 1)
        request.headers["Content-Type"] = "multipart/form-data"
        #expect(throws: HTTPFault.self) { try request.form() }
        request.headers["Content-Type"] = "application/json"
        #expect(throws: HTTPFault.self) { try request.form() }
    }
}
