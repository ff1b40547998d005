/// What llama-server tells of itself and of one model.
package struct ServerProperties: JSONRepresentable {
    package let model: String
    package let contextLength: Int
    package let slots: Int
    /// Jinja.
    package let chatTemplate: String
    package let beginningOfSequence: String
    package let endOfSequence: String
    package let seesImages: Bool
    package let hearsSound: Bool
    /// The server's name and version.
    package let build: String

    package init(
        model: String,
        contextLength: Int,
        slots: Int,
        chatTemplate: String,
        beginningOfSequence: String,
        endOfSequence: String,
        seesImages: Bool = false,
        hearsSound: Bool = false,
        build: String
    ) {
        self.model = model
        self.contextLength = contextLength
        self.slots = slots
        self.chatTemplate = chatTemplate
        self.beginningOfSequence = beginningOfSequence
        self.endOfSequence = endOfSequence
        self.seesImages = seesImages
        self.hearsSound = hearsSound
        self.build = build
    }

    package var json: JSONValue {
        [
            "default_generation_settings": [
                "n_ctx": JSONValue(contextLength), "params": LlamaCompletionRequest.defaults,
            ],
            "total_slots": JSONValue(slots),
            "model_alias": .string(model),
            // Clients show it; where the file lies is none of theirs.
            "model_path": .string(model),
            "chat_template": .string(chatTemplate),
            "bos_token": .string(beginningOfSequence),
            "eos_token": .string(endOfSequence),
            "modalities": ["vision": .bool(seesImages), "audio": .bool(hearsSound)],
            "build_info": .string(build),
            "is_sleeping": false,
        ]
    }
}
