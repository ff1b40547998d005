/// Files of sound that no encoder would make.
enum Handmade {
    /// The header of a WAVE file of 8 bits a sample, whose data have no end.
    static func wave(rate: UInt32, channels: UInt16) -> [UInt8] {
        let fields =
            little(UInt32(16)) + little(UInt16(1)) + little(channels) + little(rate)
            + little(rate &* UInt32(channels)) + little(channels) + little(UInt16(8))
        return Array("RIFF".utf8) + little(UInt32.max) + Array("WAVEfmt ".utf8) + fields + Array("data".utf8)
            + little(UInt32.max)
    }

    // MARK: FLAC (RFC 9639)

    /// Silence of one channel in frames of 65,535 equal samples each, of some 14 bytes.
    static func silentFLAC(rate: UInt32, seconds: Int) -> [UInt8] {
        let block = 65_535
        let total = seconds * Int(rate)
        // Block sizes, no frame sizes, 20 bits of rate, 3 of channels − 1, 5 of bits − 1, 36 of samples, no digest.
        let packed = UInt64(rate) << 44 | UInt64(0) << 41 | UInt64(15) << 36 | UInt64(total)
        var file = Array("fLaC".utf8) + [0x80, 0, 0, 34]
        file += big(UInt16(block)) + big(UInt16(block)) + [UInt8](repeating: 0, count: 6) + big(packed)
        file += [UInt8](repeating: 0, count: 16)
        for (number, start) in stride(from: 0, to: total, by: block).enumerated() {
            let count = min(block, total - start)
            // Fixed blocks of 16 bits' length, the rate of the file's header, one channel, 16 bits.
            var frame: [UInt8] = [0xFF, 0xF8, 0x70, 0x08] + utf8(number) + big(UInt16(count - 1))
            frame.append(crc8(frame))
            // One subframe: the same sample throughout.
            frame += [0, 0, 0]
            file += frame + big(crc16(frame))
        }
        return file
    }

    /// A number as FLAC writes frames': in UTF-8's manner.
    private static func utf8(_ number: Int) -> [UInt8] {
        if number < 0x80 { return [UInt8(number)] }
        if number < 0x800 { return [0xC0 | UInt8(number >> 6), 0x80 | UInt8(number & 63)] }
        return [0xE0 | UInt8(number >> 12), 0x80 | UInt8(number >> 6 & 63), 0x80 | UInt8(number & 63)]
    }

    private static func crc8(_ bytes: [UInt8]) -> UInt8 {
        bytes.reduce(UInt8(0)) { sum, byte in
            (0..<8).reduce(sum ^ byte) { value, _ in value & 0x80 != 0 ? value << 1 ^ 0x07 : value << 1 }
        }
    }

    private static func crc16(_ bytes: [UInt8]) -> UInt16 {
        bytes.reduce(UInt16(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt16(byte) << 8) { value, _ in value & 0x8000 != 0 ? value << 1 ^ 0x8005 : value << 1
            }
        }
    }

    // MARK: Opus in Ogg (RFC 7845)

    /// Packets of 120 ms and three bytes each, in which nothing was sent.
    static func silentOpus(packets: Int) -> [UInt8] {
        let head = Array("OpusHead".utf8) + [1, 1, 0, 0] + little(UInt32(48_000)) + [0, 0, 0]
        let tags = Array("OpusTags".utf8) + little(UInt32(0)) + little(UInt32(0))
        var file = page([head], position: 0, number: 0, flags: 2) + page([tags], position: 0, number: 1, flags: 0)
        var done = 0
        while done < packets {
            let count = min(255, packets - done)
            done += count
            // Six frames of 20 ms (CELT, mono, a code for their number), each of no bytes.
            file += page(
                Array(repeating: [0b1111_1011, 6], count: count),
                position: UInt64(done * 5760),
                number: UInt32(2 + file.count / 255),
                flags: done == packets ? 4 : 0
            )
        }
        return file
    }

    private static func page(_ packets: [[UInt8]], position: UInt64, number: UInt32, flags: UInt8) -> [UInt8] {
        let sizes = packets.map { UInt8($0.count) }
        var page =
            Array("OggS".utf8) + [0, flags] + little(position) + little(UInt32(7)) + little(number) + [0, 0, 0, 0]
            + [UInt8(sizes.count)] + sizes + packets.flatMap { $0 }
        let sum = page.reduce(UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte) << 24) { value, _ in
                value & 0x8000_0000 != 0 ? value << 1 ^ 0x04C1_1DB7 : value << 1
            }
        }
        page.replaceSubrange(22..<26, with: little(sum))
        return page
    }

    // MARK: QuickTime

    /// A film whose one track, of sound, lies in another file.
    static func reference(to address: String) -> [UInt8] {
        let zero: [UInt8] = [0, 0, 0, 0]
        func box(_ name: String, _ content: [UInt8]) -> [UInt8] {
            big(UInt32(content.count + 8)) + Array(name.utf8) + content
        }
        // Flags 0: the data are not in this file.
        let entry = box("url ", zero + Array(address.utf8) + [0])
        let alias = box("alis", zero + Array(address.utf8) + [0])
        let information = box("dinf", box("dref", zero + big(UInt32(2)) + entry + alias))
        let sample =
            [0, 0, 0, 0, 0, 0] + big(UInt16(1)) + [UInt8](repeating: 0, count: 8) + big(UInt16(1)) + big(UInt16(16))
            + zero + big(UInt32(8000) << 16)
        let table = box(
            "stbl",
            box("stsd", zero + big(UInt32(1)) + box("sowt", sample))
                + box("stts", zero + big(UInt32(1)) + big(UInt32(8000)) + big(UInt32(1)))
                + box("stsc", zero + big(UInt32(1)) + big(UInt32(1)) + big(UInt32(8000)) + big(UInt32(1)))
                + box("stsz", zero + big(UInt32(2)) + big(UInt32(8000)))
                + box("stco", zero + big(UInt32(1)) + big(UInt32(0)))
        )
        let media = box(
            "mdia",
            box("mdhd", zero + zero + zero + big(UInt32(8000)) + big(UInt32(8000)) + zero)
                + box("hdlr", zero + Array("mhlrsoun".utf8) + zero + zero + zero + [0])
                + box("minf", box("smhd", zero + zero) + information + table)
        )
        let header = box("tkhd", [0, 0, 0, 7] + zero + zero + big(UInt32(1)) + [UInt8](repeating: 0, count: 68))
        return box("ftyp", Array("qt  ".utf8) + zero) + box("moov", box("trak", header + media))
    }

    private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
