import HTTP
import KVStore
import Llama
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `GET /api/tags`.
    func ollamaTags(_ request: HTTPRequest) async throws -> HTTPResponse {
        let models: JSONValue = ["models": .array(catalog.models.map { described($0).tag })]
        return .json(models)
    }

    /// Answers `GET /api/ps`.
    func ollamaRunning(_ request: HTTPRequest) async throws -> HTTPResponse {
        let running = catalog.models.filter { catalog.status(of: $0) == "loaded" }.map { model in
            let bytes = model.memory.uses.map { Int($0.total) }
            return described(model).running(bytes: bytes.reduce(0, +), onGPUs: bytes.dropFirst().reduce(0, +))
        }
        let models: JSONValue = ["models": .array(running)]
        return .json(models)
    }

    /// Answers `POST /api/show`.
    ///
    /// It loads nothing; the template is told of models that are loaded.
    func ollamaShow(_ request: HTTPRequest) async throws -> HTTPResponse {
        let model = try ollamaModel(try request.decode(OllamaModelRequest.self).model)
        guard let loaded = catalog.loaded.first(where: { $0.id == model.id }) else {
            return .json(described(model).shown(nil))
        }
        let probe = ChatRendering(Conversation([Turn(.user, "?")]))
        let rendered = try loaded.template.render(messages: probe.messages.text, options: probe.options.text)
        return .json(described(model).shown((try loaded.template.source(), rendered.supportsThinking)))
    }

    /// Answers `GET /api/version`.
    func ollamaVersion(_ request: HTTPRequest) async throws -> HTTPResponse {
        let version: JSONValue = ["version": .string(Version.number)]
        return .json(version)
    }

    /// What Ollama's API refuses here, with what to do instead.
    var ollamaRefusals: [Route] {
        let folder = "put its GGUF file into the server's folder of models, and start the server again."
        let pull = ollamaRefusal("fetch models, since nothing leaves this box", instead: folder)
        let push = ollamaRefusal(
            "push models, since nothing leaves this box",
            instead: "copy the file from its folder of models."
        )
        let create = ollamaRefusal("make models", instead: folder)
        let copy = ollamaRefusal("copy models", instead: "copy the file in its folder of models under another name.")
        let delete = ollamaRefusal("delete models", instead: "remove the file from its folder of models.")
        return [
            (.post, "/api/pull", pull), (.post, "/api/push", push), (.post, "/api/create", create),
            (.post, "/api/copy", copy), (.delete, "/api/delete", delete), (.head, "/api/blobs/{digest}", create),
            (.post, "/api/blobs/{digest}", create),
        ].map { Route(method: $0, pattern: $1, handler: $2) }
    }

    /// A handler that refuses what changes the installed models, and says what to do instead.
    private func ollamaRefusal(_ verb: String, instead: String) -> HTTPHandler {
        { _ in throw APIError(status: 403, message: "This server can't \(verb): \(instead)", code: "not_supported") }
    }

    private func described(_ model: ServableModel) -> OllamaModel {
        let information = model.plan.information
        let capabilities =
            switch model.kind {
            case .chat:
                ["completion", "tools"] + (model.seesImages ? ["vision"] : []) + (model.hearsSound ? ["audio"] : [])
            case .embedding: ["embedding"]
            default: [String]()
            }
        // The file's contents are not read for it: it changes whenever the file does.
        let digest = Digest(of: "\(model.id)\n\(model.file.size)\n\(model.file.modified)")
        return OllamaModel(
            id: model.id,
            modifiedAt: timestamp(model.file.modified),
            size: Int(model.file.size),
            digest: digest.text,
            family: model.file.architecture,
            parameters: Int(information.parameters),
            quantization: information.description.split(separator: " ").dropFirst(2).joined(separator: " "),
            contextLength: model.plan.options.contextLength,
            trainingContext: information.trainingContext,
            capabilities: capabilities
        )
    }
}
