import Foundation
import HTTP
import KVStore
import Llama
import Media
import RuntimeSupport
import Scheduling
import Speech

/// `inference-server serve`: plans the memory, loads the default model, serves until a signal, drains, stops.
struct ServeCommand {
    /// How long running answers may go on once a stop is asked for.
    static let drainDeadline = Duration.seconds(30)

    let options: ServeOptions

    /// Returns once everything has stopped.
    ///
    /// - Throws: Why it could not start.
    func run() async throws {
        Log.setLevel(options.model.logLevel)
        let log = Log("server")
        LlamaRuntime.start(usesBLAS: options.model.usesBLAS)
        log.debug("devices: \(LlamaRuntime.devices.joined(separator: ", ")); \(LlamaRuntime.systemInfo)")
        let folder = ModelFolder(path: options.model.folder)
        let available = AvailableMemory.bytes()
        let budget = MemoryBudget.measured(host: options.model.memoryBudget.bytes(of: available))
        let selection = try ModelSelection(
            folder,
            options: options.model,
            draftModel: options.draftModel,
            projector: options.projector,
            transcriptionsAtOnce: options.transcription.atOnce,
            budget: budget
        )
        selection.printPlan(budget, available: available)
        var transcription = options.transcription
        transcription.threads = options.model.threads ?? LlamaRuntime.bestThreadCount

        // First of all, so that a conflict is found before a long loading; clients that come meanwhile wait.
        let listener = try ListeningSocket(host: options.host, port: options.port)
        let store = try openStore()
        var policy = SchedulingPolicy()
        policy.maxWaiting = options.maxQueue
        policy.maxGap = options.maxGap
        policy.maxDrafts = options.maxDrafts
        if options.model.isDeterministic { policy.fixedChunk = SchedulingPolicy.deterministicChunk }
        let loading = AbortFlag()
        let catalog = ModelCatalog(
            selection,
            budget: budget,
            policy: policy,
            cores: transcription.cores,
            acceptsAliases: options.acceptsAliases,
            embeddingOverflow: options.embeddingOverflow,
            transcription: transcription,
            store: store.map { ($0, options.apiKeys) },
            abort: loading
        )
        if let first = selection.first { _ = try await catalog.pool.lease(first) }
        let responses = ResponseStore(options.responses)
        let speech = SpeechService(
            customVoices: VoiceStore(path: options.voiceFolder, keys: options.apiKeys),
            inputLimit: options.maxSpeechInput,
            maxWaiting: options.maxQueue
        )
        logTasks(catalog, speech, folder)
        let now: @Sendable () -> Int = { Int(Date.now.timeIntervalSince1970) }
        let routes = Routes(
            catalog: catalog,
            responses: responses,
            library: options.library,
            inlineTemplates: InlineTemplates(areAllowed: options.allowsInlineTemplates),
            speech: speech,
            transcripts: TranscriptMemory(now: now),
            talks: TalkLimit(options.maxQueue),
            showsPrompts: options.showsPrompts,
            now: now
        )
        let server = try HTTPServer(
            listener: listener,
            configuration: try configuration(),
            router: routes.router,
            renderer: Dialect.response
        )

        let stops = StopSignals()
        try server.start()
        Console.print("Listening on \(address(port: server.port))")
        await stops.first()
        log.info("stopping; running answers have \(Self.drainDeadline) to end, a second signal ends them now")
        await server.shutdown(drainDeadline: Self.drainDeadline)
        loading.raise()
        responses.cancelAll()
        await speech.stop()
        await catalog.pool.close()
        log.info("stopped")
    }

    /// Logs what is served, by which model where a request names none, and what is not.
    private func logTasks(_ catalog: ModelCatalog, _ speech: SpeechService, _ folder: ModelFolder) {
        let log = Log("server")
        let readsSound = MediaLibrary.version != nil
        if !readsSound { log.info("no speech, no transcription: this program was built without FFmpeg") }
        let tasks = ModelTask.allCases.filter { readsSound || ![.speech, .transcription].contains($0) }
        let defaults = tasks.map { task in
            let isSpoken = task == .speech && (try? speech.eSpeak.get()) != nil
            return (task: task, model: catalog.defaultID(for: task) ?? (isSpoken ? ESpeakSpeech.name : nil))
        }
        let served = defaults.compactMap { task, model in model.map { "\(task.rawValue) by \($0)" } }
        if !served.isEmpty { log.info("serves \(served.joined(separator: ", "))") }
        if catalog.models.isEmpty, catalog.transcribers.isEmpty {
            log.warning("there is no model in \(folder.path): run 'make models', or put files there and start again")
        }
        for (task, model) in defaults where model == nil {
            log.info("no \(task.rawValue): that takes \(task.file), in \(folder.path)")
        }
    }

    /// The folder of `--kv-store`; nil without the option, and where another server has it.
    ///
    /// - Throws: Why it can't be used.
    private func openStore() throws -> KVStore? {
        guard let folder = options.storeFolder else { return nil }
        do {
            return try KVStore(folder, sizeLimit: options.storeSize)
        } catch {
            guard error.code == .inUse else { throw UsageError("--kv-store: \(error.description)") }
            Log("kv-store").warning("\(error.description): nothing is stored, nothing is used of it")
            return nil
        }
    }

    private func configuration() throws -> HTTPConfiguration {
        var configuration = HTTPConfiguration(
            access: AccessControl(
                hosts: HostPolicy(additional: options.allowedHosts),
                origins: OriginPolicy(allowed: options.corsOrigins),
                keys: try APIKeys(options.apiKeys, openPaths: Routes.openPaths)
            )
        )
        configuration.limits.body = options.maxBody
        configuration.tls = options.tls.map { HTTPConfiguration.TLSIdentity(certificate: $0.certificate, key: $0.key) }
        return configuration
    }

    private func address(port: UInt16) -> String {
        let scheme = options.tls == nil ? "http" : "https"
        let host = options.host.contains(":") && !options.host.hasPrefix("[") ? "[\(options.host)]" : options.host
        return "\(scheme)://\(host):\(port)"
    }
}
