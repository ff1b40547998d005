import Foundation
import KVStore
import RuntimeSupport
import Scheduling
import WireFormat

/// Custom voices and records of consent, on disk: each seen by the key that made it alone.
///
/// A record is a folder of its own, with what is known of it and the recording; it is there whole or not at all, also
/// after a kill or a power failure. Calls block for as long as the disk takes: make them on a thread of their own.
final class VoiceStore: Sendable {
    /// What is kept of both.
    enum Kind: String, Sendable, Codable {
        case voice, consent

        /// What ids begin with.
        var prefix: String { self == .voice ? "voice_" : "cons_" }
    }

    /// A voice or a consent.
    struct Record: Sendable, Equatable, Codable {
        let id: String
        let kind: Kind
        var name: String
        /// Seconds since 1970.
        let created: Int
        /// Of a consent: its language.
        var language: String?
        /// Of a voice: its consent.
        var consent: String?
    }

    /// How many records of each kind a key may have.
    static let mostRecords = 100

    private let path: String
    private let keys: [String]
    /// Nil until the folder is needed.
    private let folder = Guarded<VoiceFolder?>(nil)

    /// - Parameters:
    ///   - path: A folder; made when the first record is.
    ///   - keys: The server's API keys, by the numbers of their owners.
    init(path: String, keys: [String]) {
        self.path = path
        self.keys = keys
    }

    /// Keeps a new record with its recording.
    ///
    /// - Throws: 400 where the owner has too many, or a voice's consent is not there; 503 or 507 where it can't be kept.
    func create(
        _ kind: Kind,
        name: String,
        now: Int,
        owner: Owner,
        file: [UInt8],
        language: String? = nil,
        consent: String? = nil
    ) throws(APIError) -> Record {
        let record = try with(owner, creates: true) { folder, tag throws(APIError) -> Record in
            if let consent, try folder.record(consent, .consent, tag) == nil { throw .consentNotFound(consent) }
            guard try folder.records(kind, tag).count < Self.mostRecords else { throw .tooMany(kind) }
            let record = Record(
                id: kind.prefix + VoiceFolder.randomName(),
                kind: kind,
                name: name,
                created: now,
                language: language,
                consent: consent
            )
            try folder.add(record, tag, file)
            return record
        }
        guard let record else { throw .internalServer }
        return record
    }

    /// The owner's records of a kind, the newest first.
    func list(_ kind: Kind, owner: Owner) throws(APIError) -> [Record] {
        try with(owner, creates: false) { folder, tag throws(APIError) -> [Record] in
            try folder.records(kind, tag).sorted { ($0.created, $0.id) > ($1.created, $1.id) }
        } ?? []
    }

    /// The owner's record of this id.
    ///
    /// - Throws: 404.
    func find(_ id: String, _ kind: Kind, owner: Owner) throws(APIError) -> Record {
        let record = try with(owner, creates: false) { folder, tag throws(APIError) -> Record? in
            try folder.record(id, kind, tag)
        }
        guard let record = record ?? nil else { throw .recordNotFound(id, kind) }
        return record
    }

    /// The file of the owner's record of this id, as it came.
    ///
    /// - Throws: 404.
    func recording(_ id: String, _ kind: Kind, owner: Owner) throws(APIError) -> [UInt8] {
        let file = try with(owner, creates: false) { folder, tag throws(APIError) -> [UInt8]? in
            try folder.record(id, kind, tag) == nil ? nil : folder.recording(id)
        }
        guard let file = file ?? nil else { throw .recordNotFound(id, kind) }
        return file
    }

    /// Renames the owner's record of this id.
    ///
    /// - Throws: 404; 503 or 507 where that can't be kept.
    func rename(_ id: String, _ kind: Kind, to name: String, owner: Owner) throws(APIError) -> Record {
        let record = try with(owner, creates: false) { folder, tag throws(APIError) -> Record? in
            guard var record = try folder.record(id, kind, tag) else { return nil }
            record.name = name
            try folder.update(record, tag)
            return record
        }
        guard let record = record ?? nil else { throw .recordNotFound(id, kind) }
        return record
    }

    /// Removes the owner's record of this id, and its files.
    ///
    /// - Throws: 404; 400 where a voice needs the consent.
    func remove(_ id: String, _ kind: Kind, owner: Owner) throws(APIError) {
        let isFound = try with(owner, creates: false) { folder, tag throws(APIError) -> Bool in
            guard try folder.record(id, kind, tag) != nil else { return false }
            if kind == .consent, let voice = try folder.records(.voice, tag).first(where: { $0.consent == id }) {
                throw .consentInUse(id, voice.id)
            }
            try folder.remove(id)
            return true
        }
        guard isFound == true else { throw .recordNotFound(id, kind) }
    }

    /// Runs a body that has the folder to itself; nil where there is none and none is to be made.
    private func with<Result: Sendable>(
        _ owner: Owner,
        creates: Bool,
        _ body: (VoiceFolder, _ tag: String) throws(APIError) -> Result
    ) throws(APIError) -> Result? {
        try folder.withLock { folder throws(APIError) in
            if folder == nil {
                guard creates || FileManager.default.fileExists(atPath: path) else { return nil }
                folder = try VoiceFolder(path)
            }
            guard let folder else { return nil }
            return try body(folder, tag(owner, folder.salt))
        }
    }

    /// What marks an owner's records: a digest of the folder's salt and the key, since the order of keys may change.
    private func tag(_ owner: Owner, _ salt: [UInt8]) -> String {
        let key = keys.indices.contains(owner.rawValue) ? [1] + Array(keys[owner.rawValue].utf8) : [0]
        return Digest(of: salt + key).text
    }
}

extension APIError {
    fileprivate static func recordNotFound(_ id: String, _ kind: VoiceStore.Kind) -> APIError {
        .notFound("There is no \(kind == .voice ? "voice" : "voice consent") with id '\(id.prefix(100))'.")
    }

    fileprivate static func consentNotFound(_ id: String) -> APIError {
        .invalidRequest(
            "Invalid 'consent': there is no voice consent with id '\(id.prefix(100))'. Create one first.",
            param: "consent",
            code: "consent_not_found"
        )
    }

    fileprivate static func consentInUse(_ id: String, _ voice: String) -> APIError {
        .invalidRequest(
            "The voice consent '\(id)' can't be removed while the voice '\(voice)' needs it: remove the voice first.",
            code: "consent_in_use"
        )
    }

    fileprivate static func tooMany(_ kind: VoiceStore.Kind) -> APIError {
        .invalidRequest(
            "There are \(VoiceStore.mostRecords) of your \(kind.rawValue)s already: remove one first.",
            code: "too_many_\(kind.rawValue)s"
        )
    }
}
