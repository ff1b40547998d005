#if ESpeak
internal import CESpeak
internal import RuntimeSupport

/// espeak-ng in this process.
///
/// Its state is the process's, so that calls take turns, whoever makes them. It is not safe against strange text: the server
/// has it in a process of its own, `ESpeakProcess`.
package struct ESpeakLibrary: Sendable {
    /// Words a minute: what espeak-ng calls normal.
    private static let rate: Int32 = 175

    /// What it started with; once in a process.
    private static let start: Result<Found, SpeechError> = {
        let rate = Int(ce_start())
        guard rate > 0 else {
            return .failure(
                SpeechError(.unavailable, "the data of espeak-ng are not there: install the package espeak-ng-data")
            )
        }
        var found = Found(
            inventory: ESpeakInventory(version: unsafe String(cString: ce_version()), sampleRate: rate)
        )
        unsafe withUnsafeMutablePointer(to: &found) { pointer in
            unsafe ce_list_voices(false, addLanguage, pointer)
            unsafe ce_list_voices(true, addVariant, pointer)
        }
        return .success(found)
    }()
    private static let turn = Guarded<String?>(nil)

    /// What it can speak.
    package let inventory: ESpeakInventory
    private let files: [String: String]

    /// Starts the library, where that has not happened yet.
    package init() throws(SpeechError) {
        let found = try Self.start.get()
        inventory = found.inventory
        files = found.files
    }

    /// Speaks one piece, and hands its sound over as it is made.
    ///
    /// - Parameters:
    ///   - text: Plain text.
    ///   - voice: What speaks it.
    ///   - sink: Takes the next part of the sound; false for no more.
    /// - Throws: Where it can't be spoken.
    package func speak(_ text: String, as voice: ESpeakVoice, onto sink: ([Int16]) -> Bool) throws(SpeechError) {
        var native = voice
        native.language = files[voice.language] ?? voice.language
        let name = native.name
        let status = Self.turn.withLock { chosen -> ce_status in
            if chosen != name {
                let status = unsafe ce_choose_voice(name)
                chosen = status == CE_OK ? name : nil
                guard status == CE_OK else { return status }
            }
            return withoutActuallyEscaping(sink) { sink in
                // Lives for the length of the call, which keeps no pointer to it.
                var sink = sink
                let manner = ce_manner(rate: Self.rate, pitch: Int32(voice.pitch), range: Int32(voice.range))
                return unsafe withUnsafeMutablePointer(to: &sink) { pointer in
                    unsafe ce_speak(text, manner, deliver, pointer)
                }
            }
        }
        switch status {
        case CE_OK, CE_STOPPED: break
        case CE_NO_VOICE: throw SpeechError(.failed, "espeak-ng has no voice \(voice.name)")
        default: throw SpeechError(.failed, "espeak-ng failed")
        }
    }
}

/// The voices that a library has.
private struct Found {
    var inventory: ESpeakInventory
    /// The names of languages' files, which the library finds voices by; the languages' own names do not always do.
    var files: [String: String] = [:]
}

private func deliver(_ context: UnsafeMutableRawPointer?, _ samples: UnsafePointer<Int16>?, _ count: Int) -> Bool {
    guard let sink = unsafe context?.assumingMemoryBound(to: (([Int16]) -> Bool).self) else { return false }
    return unsafe sink.pointee(Array(UnsafeBufferPointer(start: samples, count: count)))
}

private func addLanguage(
    _ context: UnsafeMutableRawPointer?,
    _ identifier: UnsafePointer<CChar>?,
    _ language: UnsafePointer<CChar>?
) {
    guard let found = unsafe context?.assumingMemoryBound(to: Found.self), let identifier = unsafe identifier,
        let language = unsafe language
    else { return }
    let path = unsafe String(cString: identifier)
    // Voices of MBROLA need data that no package here holds.
    guard !path.hasPrefix("mb/"), let file = path.split(separator: "/").last?.lowercased() else { return }
    var name = unsafe String(cString: language)
    // Cherokee's has a script and a region in it.
    if name != name.lowercased() { name = file }
    guard unsafe found.pointee.files[name] == nil else { return }
    unsafe found.pointee.files[name] = file
    unsafe found.pointee.inventory.languages.append(name)
}

private func addVariant(
    _ context: UnsafeMutableRawPointer?,
    _ identifier: UnsafePointer<CChar>?,
    _ language: UnsafePointer<CChar>?
) {
    guard let found = unsafe context?.assumingMemoryBound(to: Found.self), let identifier = unsafe identifier
    else { return }
    let name = unsafe String(cString: identifier)
    guard name.hasPrefix("!v/"), !name.contains(" ") else { return }
    unsafe found.pointee.inventory.variants.append(String(name.dropFirst(3)))
}
#endif
