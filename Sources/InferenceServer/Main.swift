import Foundation
import Llama
import RuntimeSupport

@main
enum Main {
    /// Runs the command of the arguments; the exit status is 2 for a wrong command line, 1 for what else goes wrong.
    static func main() async {
        LlamaRuntime.waitBriefly()
        Signals.ignoreBrokenPipes()
        do {
            switch try Command(arguments: Array(CommandLine.arguments.dropFirst())) {
            case .print(let text): Console.print(text)
            case .serve(let options): try await ServeCommand(options: options).run()
            case .chat(let options): try await ChatCommand(options: options).run()
            case .tune(let options): try TuneCommand(options: options).run()
            case .models(let folder): ModelsCommand(folder: folder).run()
            case .render: try RenderCommand.run()
            case .speechWorker: exit(SpeechWorkerCommand.run())
            }
        } catch let error as UsageError {
            Console.printError("error: \(error.description)")
            exit(2)
        } catch {
            Console.printError("error: \(error)")
            exit(1)
        }
    }
}
