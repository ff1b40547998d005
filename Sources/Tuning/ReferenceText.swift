/// The text that the distance between models is measured on: written for this project, varied English.
///
/// Stories, instructions, dialogue, lists, tables and code, since a model that is damaged may still do well on some of
/// them. It goes into the program, so that every machine measures with the same.
package enum ReferenceText {
    package static let text = [first, second, third].joined(separator: "\n\n") + "\n"
}
