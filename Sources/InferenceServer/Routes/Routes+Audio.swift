import HTTP
import Speech
import WireFormat

extension Routes {
    /// Sound, and the voices it is made with.
    var audioRoutes: [Route] { speechRoutes + transcriptionRoutes + voiceRoutes + voiceConsentRoutes }

    private var speechRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/audio/speech",
                operation: Operation("Speech", .openAI, body: SpeechRequest.self, answer: .audioOrEvents),
                handler: createSpeech
            )
        ]
    }

    private var transcriptionRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/audio/transcriptions",
                operation: Operation(
                    "A transcription",
                    .openAI,
                    body: TranscriptionRequest.self,
                    answer: .jsonOrEvents
                ),
                handler: createTranscription
            ),
            Route(
                method: .post,
                pattern: "/audio/translations",
                operation: Operation("A translation into English", .openAI, body: TranslationRequest.self),
                handler: createTranslation
            ),
        ]
    }

    private var voiceRoutes: [Route] {
        [
            Route(
                method: .get,
                pattern: "/audio/voices",
                operation: Operation("The voices", .openAI),
                handler: listVoices
            ),
            Route(
                method: .get,
                pattern: "/audio/voices/{voice}",
                operation: Operation("One voice", .openAI),
                handler: retrieveVoice
            ),
            Route(
                method: .post,
                pattern: "/audio/voices",
                operation: Operation("A custom voice", .openAI, body: VoiceRequest.self),
                handler: createVoice
            ),
            Route(
                method: .delete,
                pattern: "/audio/voices/{voice}",
                operation: Operation("Removes a custom voice", .openAI),
                handler: deleteVoice
            ),
        ]
    }

    private var voiceConsentRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/audio/voice_consents",
                operation: Operation("A record of consent to a voice", .openAI, body: VoiceConsentRequest.self),
                handler: createVoiceConsent
            ),
            Route(
                method: .get,
                pattern: "/audio/voice_consents",
                operation: Operation(
                    "The records of consent",
                    .openAI,
                    query: [
                        .init("after", .text, "the record that the page follows"),
                        .init("limit", .integer(1...100), "how many records"),
                    ]
                ),
                handler: listVoiceConsents
            ),
            Route(
                method: .get,
                pattern: "/audio/voice_consents/{consent}",
                operation: Operation("One record of consent", .openAI),
                handler: retrieveVoiceConsent
            ),
            Route(
                method: .post,
                pattern: "/audio/voice_consents/{consent}",
                operation: Operation("Renames a record of consent", .openAI, body: VoiceConsentUpdate.self),
                handler: updateVoiceConsent
            ),
            Route(
                method: .delete,
                pattern: "/audio/voice_consents/{consent}",
                operation: Operation("Removes a record of consent", .openAI),
                handler: deleteVoiceConsent
            ),
        ]
    }
}
