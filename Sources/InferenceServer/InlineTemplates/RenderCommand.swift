import Foundation
import Llama
import Tokenizer

/// `inference-server render-template`: renders one conversation with a template that came with a request, within bounds.
///
/// It is started by the server alone: a template can loop, nest and grow without end, and nothing stops it within a process.
/// A job comes in on standard input, its outcome goes out on standard output.
enum RenderCommand {
    static let name = "render-template"

    /// Seconds of CPU time.
    static let cpuSeconds = 2
    /// Bytes of memory beyond those of the vocabulary.
    ///
    /// There is room for the stack of half a gigabyte on which long names of tools are read.
    private static let moreBytes = 768 << 20

    struct Job: Codable {
        /// The model's, for its vocabulary.
        let path: String
        let template: String
        /// As `ChatTemplate` takes them.
        let messages: String
        let options: String
    }

    enum Outcome: Codable {
        case rendered(RenderedPrompt)
        /// In the template's words.
        case refused(String)
    }

    /// Reads the job, does it, writes the outcome.
    ///
    /// - Throws: Where there is no such job, or the system refuses the bounds.
    static func run() throws {
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        let job = try JSONDecoder().decode(Job.self, from: input)
        let vocabulary = try Vocabulary(contentsOf: job.path)
        try LlamaRuntime.confine(cpuSeconds: cpuSeconds, bytes: moreBytes)
        let outcome: Outcome
        do throws(TokenizerError) {
            let template = try ChatTemplate(vocabulary: vocabulary, override: job.template)
            outcome = .rendered(try template.render(messages: job.messages, options: job.options))
        } catch {
            outcome = .refused(error.sentence)
        }
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(outcome))
    }
}
