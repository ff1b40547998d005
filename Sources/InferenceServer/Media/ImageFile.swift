/// An image file as it came with a request: what its own structure says, before anything decodes it.
///
/// The structure is followed to its end, so a file that was cut short is found out here. Sources: the PNG specification
/// (3rd edition, section 5), ITU-T T.81 annex B (JPEG), the GIF89a specification, and Microsoft's description of
/// BITMAPFILEHEADER and BITMAPINFOHEADER.
struct ImageFile: Sendable {
    let bytes: [UInt8]
    let width: Int
    let height: Int

    /// What can be decoded, in words.
    static let formats = "PNG, JPEG, GIF and BMP"

    /// - Throws: What is wrong with the file.
    init(_ bytes: [UInt8]) throws(ImageFault) {
        guard !bytes.isEmpty else { throw .empty }
        let size: (width: Int, height: Int)
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            size = try Self.png(bytes)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            size = try Self.jpeg(bytes)
        } else if bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8)) {
            size = try Self.gif(bytes)
        } else if bytes.starts(with: Array("BM".utf8)) {
            size = try Self.bmp(bytes)
        } else {
            throw .unknownFormat
        }
        try Self.check(size)
        self.bytes = bytes
        (width, height) = size
    }

    /// Pixels in one image; a picture of a phone's camera has as many as 12 to 25 million.
    static let maximumPixels = 1 << 25
    static let minimumSide = 2
    static let maximumSide = 1 << 15
    /// How many times longer one side may be than the other.
    static let maximumRatio = 200

    private static func check(_ size: (width: Int, height: Int)) throws(ImageFault) {
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        guard short >= minimumSide else { throw .tooSmall(size.width, size.height) }
        guard long <= maximumSide, size.width * size.height <= maximumPixels else {
            throw .tooLarge(size.width, size.height)
        }
        guard long <= short * maximumRatio else { throw .tooLong(size.width, size.height) }
    }

    /// Chunks from the header to the end, with data among them.
    private static func png(_ bytes: [UInt8]) throws(ImageFault) -> (width: Int, height: Int) {
        var reader = ByteReader(bytes, at: 8)
        var size: (Int, Int)?
        var hasData = false
        while true {
            let (length, name) = (try reader.big(4), try reader.take(4))
            let start = reader.place
            switch Array(name) {
            case Array("IHDR".utf8) where length == 13 && size == nil: size = (try reader.big(4), try reader.big(4))
            case Array("IDAT".utf8): hasData = true
            case Array("IEND".utf8):
                guard let size, hasData else { throw .damaged }
                // Its checksum.
                try reader.skip(4)
                return size
            default: break
            }
            guard size != nil else { throw .damaged }
            reader.place = start
            try reader.skip(length + 4)
        }
    }

    /// How many passes over its pixels a JPEG may have: a few bytes can ask for one.
    private static let maximumScans = 64

    /// Segments, and scans of entropy-coded data, to the end-of-image marker.
    private static func jpeg(_ bytes: [UInt8]) throws(ImageFault) -> (width: Int, height: Int) {
        var reader = ByteReader(bytes, at: 2)
        var size: (Int, Int)?
        var scans = 0
        while true {
            guard try reader.big(1) == 0xFF else { throw .damaged }
            var marker = 0xFF
            while marker == 0xFF { marker = try reader.big(1) }
            switch marker {
            case 0xD9:
                guard let size, scans > 0 else { throw .damaged }
                return size
            case 0x01, 0xD0...0xD7: continue
            case 0x00, 0xD8: throw .damaged
            default: break
            }
            let start = reader.place
            let length = try reader.big(2)
            guard length >= 2 else { throw .damaged }
            switch marker {
            case 0xC0, 0xC1, 0xC2:
                guard size == nil, length >= 8 else { throw .damaged }
                try reader.skip(1)
                let height = try reader.big(2)
                size = (try reader.big(2), height)
            case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: throw .unsupported("lossless and arithmetic-coded JPEG")
            default: break
            }
            reader.place = start
            try reader.skip(length)
            guard marker == 0xDA else { continue }
            scans += 1
            guard size != nil, scans <= maximumScans else { throw .damaged }
            try reader.skipEntropyCoded()
        }
    }

    /// Blocks to the trailer, with a picture among them.
    private static func gif(_ bytes: [UInt8]) throws(ImageFault) -> (width: Int, height: Int) {
        var reader = ByteReader(bytes, at: 6)
        let size = (try reader.little(2), try reader.little(2))
        func skipTable(_ flags: Int) throws(ImageFault) {
            if flags & 0x80 != 0 { try reader.skip(3 << (flags & 7 + 1)) }
        }
        func skipBlocks() throws(ImageFault) {
            while true {
                let length = try reader.big(1)
                if length == 0 { return }
                try reader.skip(length)
            }
        }
        let flags = try reader.big(1)
        try reader.skip(2)
        try skipTable(flags)
        var hasPicture = false
        while true {
            switch try reader.big(1) {
            case 0x21:
                try reader.skip(1)
                try skipBlocks()
            case 0x2C:
                try reader.skip(8)
                try skipTable(try reader.big(1))
                try reader.skip(1)
                try skipBlocks()
                hasPicture = true
            case 0x3B where hasPicture: return size
            default: throw .damaged
            }
        }
    }

    /// Headers, and rows of pixels as they are.
    private static func bmp(_ bytes: [UInt8]) throws(ImageFault) -> (width: Int, height: Int) {
        var reader = ByteReader(bytes, at: 10)
        let (offset, header) = (try reader.little(4), try reader.little(4))
        let width: Int
        let height: Int
        let bits: Int
        if header == 12 {
            (width, height) = (try reader.little(2), try reader.little(2))
            try reader.skip(2)
            bits = try reader.little(2)
        } else {
            guard [40, 56, 108, 124].contains(header) else { throw .damaged }
            (width, height) = (try reader.signed(), abs(try reader.signed()))
            try reader.skip(2)
            bits = try reader.little(2)
            guard [0, 3].contains(try reader.little(4)) else { throw .unsupported("compressed BMP") }
        }
        guard width >= 0, [1, 4, 8, 16, 24, 32].contains(bits) else { throw .damaged }
        // Sizes beyond the bounds are told as such.
        guard width <= maximumSide, height <= maximumSide else { return (width, height) }
        let row = (width * bits + 31) / 32 * 4
        guard offset + row * height <= bytes.count else { throw .damaged }
        return (width, height)
    }
}

/// Why a file is not decoded.
enum ImageFault: Error, Equatable {
    case empty, unknownFormat, damaged
    case unsupported(String)
    case tooSmall(Int, Int)
    case tooLarge(Int, Int)
    case tooLong(Int, Int)
}

/// Reads numbers, and finds that there are no more bytes.
private struct ByteReader {
    let bytes: [UInt8]
    var place: Int

    init(_ bytes: [UInt8], at place: Int) {
        self.bytes = bytes
        self.place = place
    }

    mutating func skip(_ count: Int) throws(ImageFault) {
        guard count <= bytes.count - place else { throw .damaged }
        place += count
    }

    mutating func take(_ count: Int) throws(ImageFault) -> ArraySlice<UInt8> {
        try skip(count)
        return bytes[place - count..<place]
    }

    mutating func big(_ count: Int) throws(ImageFault) -> Int { try take(count).reduce(0) { $0 << 8 | Int($1) } }

    mutating func little(_ count: Int) throws(ImageFault) -> Int {
        try take(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func signed() throws(ImageFault) -> Int { Int(Int32(truncatingIfNeeded: try little(4))) }

    /// Goes to the next marker that is none of those within entropy-coded data.
    mutating func skipEntropyCoded() throws(ImageFault) {
        while let found = bytes[place...].firstIndex(of: 0xFF), found + 1 < bytes.count {
            switch bytes[found + 1] {
            case 0x00, 0xD0...0xD7: place = found + 2
            case 0xFF: place = found + 1
            default:
                place = found
                return
            }
        }
        throw .damaged
    }
}
