#if ESpeak
internal import CESpeak
internal import RuntimeSupport

/// espeak-ng in this process.
///
/// Its state is the process's, so that calls take turns, whoever makes them. It is not safe against strange text: the server
/// has it in a process of its own, `ESpeakProcess`.
package struct ESpeakLibrary: SpeechSynthesizer, Sendable {
    /// Words a minute: what espeak-ng calls normal.
    private static let rate: Int32 = 175

    /// What it started with; once in a process.
    private static let start: Result<Int, SpeechError> = {
        let rate = Int(ce_start())
        guard rate > 0 else {
            return .failure(
                SpeechError(.unavailable, "the data of espeak-ng are not there: install the package espeak-ng-data")
            )
        }
        return .success(rate)
    }()
    private static let turn = Guarded<String?>(nil)

    package let sampleRate: Int

    /// Starts the library, where that has not happened yet.
    package init() throws(SpeechError) { sampleRate = try Self.start.get() }

    package func speak(_ text: String, as voice: SynthesizerVoice, onto sink: ([Int16]) -> Bool) throws(SpeechError) {
        let status = Self.turn.withLock { chosen -> ce_status in
            if chosen != voice.name {
                let status = unsafe ce_choose_voice(voice.name)
                chosen = status == CE_OK ? voice.name : nil
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

    /// What it can speak.
    package var inventory: ESpeakInventory {
        Self.turn.withLock { _ in
            var inventory = ESpeakInventory(version: unsafe String(cString: ce_version()), sampleRate: sampleRate)
            unsafe withUnsafeMutablePointer(to: &inventory) { pointer in
                unsafe ce_list_voices(false, addLanguage, pointer)
                unsafe ce_list_voices(true, addVariant, pointer)
            }
            return inventory
        }
    }
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
    guard let inventory = unsafe context?.assumingMemoryBound(to: ESpeakInventory.self),
        let identifier = unsafe identifier,
        let language = unsafe language
    else { return }
    // Voices of MBROLA need data that no package here holds.
    guard !(unsafe String(cString: identifier).hasPrefix("mb/")) else { return }
    let name = unsafe String(cString: language)
    if unsafe !inventory.pointee.languages.contains(name) { unsafe inventory.pointee.languages.append(name) }
}

private func addVariant(
    _ context: UnsafeMutableRawPointer?,
    _ identifier: UnsafePointer<CChar>?,
    _ language: UnsafePointer<CChar>?
) {
    guard let inventory = unsafe context?.assumingMemoryBound(to: ESpeakInventory.self),
        let identifier = unsafe identifier
    else { return }
    let name = unsafe String(cString: identifier)
    guard name.hasPrefix("!v/"), !name.contains(" ") else { return }
    unsafe inventory.pointee.variants.append(String(name.dropFirst(3)))
}
#endif
