/// What Ollama's API tells about a model.
package struct OllamaModel: Sendable, Equatable {
    package let id: String

    /// By ISO 8601.
    package let modifiedAt: String

    /// Of the file, in bytes.
    package let size: Int

    /// 64 hexadecimal digits that stand for the file.
    package let digest: String

    package let family: String
    package let parameters: Int

    /// How the weights are stored, such as `Q4_1`.
    package let quantization: String

    /// Tokens of prompt and answer here.
    package let contextLength: Int

    /// Tokens of prompt and answer in its training.
    package let trainingContext: Int

    /// What it is for, in Ollama's words: `completion`, `tools` and `vision`, or `embedding`; nothing for a
    /// reranker.
    package let capabilities: [String]

    package init(
        id: String,
        modifiedAt: String,
        size: Int,
        digest: String,
        family: String,
        parameters: Int,
        quantization: String,
        contextLength: Int,
        trainingContext: Int,
        capabilities: [String]
    ) {
        self.id = id
        self.modifiedAt = modifiedAt
        self.size = size
        self.digest = digest
        self.family = family
        self.parameters = parameters
        self.quantization = quantization
        self.contextLength = contextLength
        self.trainingContext = trainingContext
        self.capabilities = capabilities
    }

    /// An element of `GET /api/tags`.
    package var tag: JSONValue {
        var object = header
        object.append("modified_at", .string(modifiedAt))
        object.append("size", JSONValue(size))
        return .object(object)
    }

    /// An element of `GET /api/ps`: the bytes that it takes, and how many of them on GPUs.
    ///
    /// It expires at a time so far away that clients take it for never.
    package func running(bytes: Int, onGPUs: Int) -> JSONValue {
        var object = header
        object.append("size", JSONValue(bytes))
        object.append("size_vram", JSONValue(onGPUs))
        object.append("expires_at", "9999-12-31T23:59:59Z")
        object.append("context_length", JSONValue(contextLength))
        return .object(object)
    }

    /// The answer to `POST /api/show`; of loaded models, the template and whether they reason are known.
    package func shown(_ loaded: (template: String, reasons: Bool)?) -> JSONValue {
        let capabilities = capabilities + (loaded?.reasons ?? false ? ["thinking"] : [])
        var object = JSONObject([
            ("modelfile", .string("# A file of this server's folder of models.\nFROM \(id).gguf\n")),
            ("parameters", .string("num_ctx \(contextLength)")),
        ])
        if let loaded { object.append("template", .string(loaded.template)) }
        object.append("details", details)
        object.append(
            "model_info",
            [
                "general.architecture": .string(family), "general.parameter_count": JSONValue(parameters),
                "\(family).context_length": JSONValue(trainingContext),
            ]
        )
        object.append("capabilities", .array(capabilities.map { .string($0) }))
        object.append("modified_at", .string(modifiedAt))
        return .object(object)
    }

    private var header: JSONObject {
        JSONObject([
            ("name", .string(id)), ("model", .string(id)), ("digest", .string(digest)), ("details", details),
        ])
    }

    private var details: JSONValue {
        [
            "parent_model": "", "format": "gguf", "family": .string(family), "families": [.string(family)],
            "parameter_size": .string(parameterSize), "quantization_level": .string(quantization),
        ]
    }

    /// Such as `134.5M`.
    private var parameterSize: String {
        let (unit, name) = parameters >= 1_000_000_000 ? (1_000_000_000, "B") : (1_000_000, "M")
        let tenths = (parameters * 10 + unit / 2) / unit
        return "\(tenths / 10).\(tenths % 10)\(name)"
    }
}
