import Speech

/// `inference-server speech-worker`: speaks for the server that started it.
enum SpeechWorkerCommand {
    /// Returns its exit status once that server has gone.
    static func run() -> Int32 {
        #if ESpeak
        ESpeakWorker.run()
        #else
        2
        #endif
    }
}
