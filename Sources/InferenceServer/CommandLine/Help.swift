/// The texts of `--help`, by command.
enum Help {
    static let texts = ["serve": serve, "chat": chat, "models": models, "tune": tune]

    private static let serve = """
        \(Version.name) \(Version.number): runs models on this box and speaks OpenAI's API, offline.

        usage: \(Version.name) [serve] [options]     serve the API (the default command)
               \(Version.name) chat [options]        chat in the terminal
               \(Version.name) models [options]      list what is installed
               \(Version.name) tune [MODEL]          find what makes a model fast on this machine
               \(Version.name) COMMAND --help        the options of a command

        options of serve:
        \(lines(ServeOptions.all))
          -h, --help                  this text
          --version                   the version

        Once it accepts connections it prints one line, `Listening on http://127.0.0.1:5000`. Logs go to standard
        error and never hold a prompt or an answer. An interrupt ends it after the running answers; a second one at once.
        """

    private static let chat = """
        usage: \(Version.name) chat [options]

        Chats with a model in the terminal, without a server. Each line is a message. Ctrl-C stops an answer;
        /reset forgets the conversation; /quit or Ctrl-D leaves. Input may come from a pipe.

        options:
        \(lines(ModelOptions.all))
          -h, --help                  this text
        """

    private static let models = """
        usage: \(Version.name) models [--models-dir DIR]

        Lists the models that are installed, their size, and what they serve.

        options:
        \(lines([ModelOptions.folder]))
          -h, --help                  this text
        """

    private static let tune = """
        usage: \(Version.name) tune [MODEL] [options]

        Measures in which format of weights, and with which settings, a model runs fastest on this machine without
        leaving its own output, and keeps the result beside the model: 'serve' and 'chat' use it from then on.
        MODEL is a model of the folder, or a GGUF file; without it the folder's default chat model and its default embedding
        model. Takes up to three minutes for the default ones; best while nothing else runs. Prints a table; beside a chat
        model lies a plot, too.

        options:
        \(lines(TuneOptions.all))
          -h, --help                  this text
        """

    private static func lines(_ options: [CommandLineOption]) -> String {
        options.map(\.helpLines).joined(separator: "\n")
    }
}
