import Foundation
import Llama
import Speech
import WireFormat

extension Routes {
    /// Everything that can be asked for by a name: models, and what speaks without one.
    var cards: [ModelCard] { catalog.cards + (speechCard.map { [$0] } ?? []) }

    /// The card of a name; OpenAI's names of models that speak stand for what speaks here.
    ///
    /// - Throws: 404 `model_not_found`.
    func card(_ name: String) throws(APIError) -> ModelCard {
        let isSpeech = name == ESpeakSpeech.name || catalog.acceptsAliases && SpeechModels.aliases.contains(name)
        if isSpeech, !catalog.has(name) {
            if name != ESpeakSpeech.name, let neural = catalog.standard(.speech) { return try catalog.card(neural.id) }
            if let card = speechCard { return card }
        }
        return try catalog.card(name)
    }

    /// espeak-ng; nil where it is not there.
    private var speechCard: ModelCard? {
        guard let eSpeak = try? speech.eSpeak.get() else { return nil }
        let inventory = eSpeak.voices.inventory
        return ModelCard(
            id: ESpeakSpeech.name,
            created: Self.programDate,
            ownedBy: "local",
            extras: JSONObject([
                ("status", ["value": "loaded"]),
                (
                    "meta",
                    [
                        "kind": "speech",
                        "description": .string("espeak-ng \(inventory.version)"),
                        "input_modalities": ["text"],
                        "output_modalities": ["audio"],
                        "languages": JSONValue(inventory.languages.count),
                    ]
                ),
            ])
        )
    }

    /// When this program was made, which comes with what speaks: in seconds since 1970.
    private static let programDate: Int = {
        let path = Bundle.main.executablePath.map { URL(filePath: $0).resolvingSymlinksInPath().path } ?? ""
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return Int((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
    }()
}
