import Speech
import Testing

@Suite("Turns of speech")
struct SpeechTurnsTests {
    /// Plays utterances of so many pieces of so many steps each, and notes whose each turn is.
    private func play(capacity: Int, pieces: [UInt64: [Int]], leaving: [Int: UInt64] = [:]) -> [UInt64] {
        var turns = SpeechTurns(capacity: capacity)
        var left = pieces
        var steps: [UInt64: Int] = [:]
        var order: [UInt64] = []
        for id in pieces.keys.sorted() { turns.join(id) }
        while let turn = turns.next() {
            let id: UInt64
            switch turn {
            case .begin(let first):
                id = first
                guard let piece = left[id]?.first else {
                    turns.leave(id)
                    continue
                }
                left[id]?.removeFirst()
                #expect(steps[id] == nil, "a piece begins before the last one has ended")
                steps[id] = piece
                #expect(steps.count <= capacity)
            case .step(let next): id = next
            }
            order.append(id)
            steps[id, default: 0] -= 1
            if steps[id] == 0 {
                steps[id] = nil
                turns.leave(id)
                turns.join(id)
            }
            if let gone = leaving[order.count] {
                turns.leave(gone)
                steps[gone] = nil
            }
        }
        #expect(turns.isEmpty && steps.isEmpty)
        return order
    }

    @Test("with room for one, whole pieces take turns")
    func one() {
        #expect(play(capacity: 1, pieces: [1: [2, 1], 2: [1, 1], 3: [3]]) == [1, 1, 2, 3, 3, 3, 1, 2])
    }

    @Test("with room for all, steps take turns, and nobody is passed over")
    func all() {
        let order = play(capacity: 3, pieces: [1: [6], 2: [6], 3: [6]])
        for start in 0..<order.count - 3 { #expect(Set(order[start..<start + 3]).count == 3, "\(order)") }
    }

    @Test("whoever waits for a place gets one behind a piece, however long the others' texts are")
    func line() {
        let order = play(capacity: 2, pieces: [1: [4, 4, 4, 4], 2: [4, 4, 4, 4], 3: [4]])
        let place = order.firstIndex(of: 3) ?? .max
        #expect(place <= 8, "\(order)")
        #expect(order.count { $0 == 1 } == 16 && order.count { $0 == 2 } == 16 && order.count { $0 == 3 } == 4)
    }

    @Test("who leaves gives its place to the next")
    func leaving() {
        let order = play(capacity: 1, pieces: [1: [100], 2: [2]], leaving: [3: 1])
        #expect(order == [1, 1, 1, 2, 2])
    }

    @Test("joining twice is joining once")
    func joinTwice() {
        var turns = SpeechTurns(capacity: 0)
        turns.join(7)
        turns.join(7)
        #expect(turns.next() == .begin(7))
        turns.join(7)
        #expect(turns.next() == .step(7))
        turns.leave(7)
        #expect(turns.next() == nil)
    }
}
