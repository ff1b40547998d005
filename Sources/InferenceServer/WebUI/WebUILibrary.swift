import Foundation
import Tokenizer
import WireFormat
import YAML

/// A character of text-generation-webui's form.
struct Character: Equatable {
    /// What it is called in a dialogue.
    var name = "AI"
    /// What it is.
    var context = ""
    /// What it says first.
    var greeting = ""
    /// What whoever talks with it is called.
    var user: String?
}

/// The folders of characters and instruction templates: files that requests choose by name, never by path.
struct WebUILibrary: Sendable {
    let characters: String
    let templates: String

    /// Bytes of a file.
    static let largestFile = 256 * 1024

    /// The character of this name.
    ///
    /// - Throws: 400 that says where characters are looked for, or what is wrong with the file.
    func character(_ name: String) throws(APIError) -> Character {
        let file = try file(name, in: characters, endings: ["yaml", "yml", "json"], parameter: "character")
        let members = try members(of: file, name, parameter: "character")
        var character = Character()
        character.name = members("name") ?? members("char_name") ?? name
        character.context = members("context") ?? members("char_persona") ?? ""
        character.greeting = members("greeting") ?? members("char_greeting") ?? ""
        character.user = members("user") ?? members("your_name")
        return character
    }

    /// The source of the instruction template of this name, in Jinja.
    ///
    /// - Throws: 400 that says where templates are looked for, or what is wrong with the file.
    func instructionTemplate(_ name: String) throws(APIError) -> String {
        let parameter = "instruction_template"
        let file = try file(name, in: templates, endings: ["yaml", "yml", "jinja"], parameter: parameter)
        guard !file.path.hasSuffix(".jinja") else { return String(decoding: file.bytes, as: UTF8.self) }
        let members = try members(of: file, name, parameter: parameter)
        guard let source = members(parameter) else {
            throw Self.fault(parameter, "The file of '\(name)' has no 'instruction_template'.")
        }
        return source
    }

    private typealias File = (path: String, bytes: [UInt8])

    /// The file of a name, with the first of the endings that there is.
    private func file(
        _ name: String,
        in folder: String,
        endings: [String],
        parameter: String
    ) throws(APIError) -> File {
        // A name is a name: nothing of it may lead out of the folder, or to what is hidden there.
        let isName =
            !name.hasPrefix(".") && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x2F && $0 != 0x5C && $0 != 0x7F }
        guard isName else {
            throw Self.fault(
                parameter,
                "Invalid '\(parameter)': it is the name of a file without its ending, not a path."
            )
        }
        for ending in endings {
            let path = "\(folder)/\(name).\(ending)"
            guard let handle = FileHandle(forReadingAtPath: path) else { continue }
            guard let data = try? handle.read(upToCount: Self.largestFile + 1) ?? Data() else { continue }
            guard data.count <= Self.largestFile else {
                throw Self.fault(parameter, "The file of '\(name)' has more than \(Self.largestFile) bytes.")
            }
            return (path, [UInt8](data))
        }
        throw Self.fault(
            parameter,
            "Invalid '\(parameter)': there is no '\(name)'. Files of them are '\(name).\(endings[0])' and the like, in the "
                + "folder that the server was started with."
        )
    }

    /// The texts in a file, by their names.
    private func members(of file: File, _ name: String, parameter: String) throws(APIError) -> (String) -> String? {
        if file.path.hasSuffix(".json") {
            guard case .object(let object)? = try? JSONValue.parse(file.bytes) else {
                throw Self.fault(parameter, "The file of '\(name)' holds no JSON object.")
            }
            return { key in if case .string(let text)? = object[key] { text } else { nil } }
        }
        do {
            let texts = try YAMLTexts(file.bytes)
            return { texts[$0] }
        } catch {
            throw Self.fault(parameter, "The file of '\(name)' can't be read. \(error.description)")
        }
    }

    private static func fault(_ parameter: String, _ message: String) -> APIError {
        .invalidRequest(message, param: parameter, code: "invalid_value")
    }
}
