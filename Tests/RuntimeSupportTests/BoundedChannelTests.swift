import RuntimeSupport
import Synchronization
import Testing

@Suite("Bounded channels")
struct BoundedChannelTests {
    @Test("elements come in order, then the closing one, then nil")
    func order() async {
        let channel = BoundedChannel<Int>(capacity: 100)
        let reader = channel.makeReader()
        for number in 0..<50 { channel.send(number) }
        channel.finish(with: 50)
        var read: [Int] = []
        for await number in reader { read.append(number) }
        #expect(read == Array(0...50))
        #expect(await reader.next() == nil)
    }

    @Test("a full channel says so, takes its closing element all the same, and calls for more at half")
    func full() async {
        let calls = Atomic(0)
        let channel = BoundedChannel<Int>(capacity: 4, onRoom: { calls.add(1, ordering: .relaxed) })
        let reader = channel.makeReader()
        #expect((0..<3).allSatisfy { channel.send($0) == .available })
        #expect(channel.send(3) == .full)
        _ = await reader.next()
        #expect(calls.load(ordering: .relaxed) == 0)
        _ = await reader.next()
        #expect(calls.load(ordering: .relaxed) == 1)
        #expect(channel.send(4) == .available)
        channel.finish(with: 5)
        var rest: [Int] = []
        for await number in reader { rest.append(number) }
        #expect(rest == [2, 3, 4, 5])
        #expect(calls.load(ordering: .relaxed) == 1)
    }

    @Test("a dropped reader abandons the channel once; later elements are dropped")
    func dropped() {
        let calls = Atomic(0)
        let channel = BoundedChannel<Int>(capacity: 4, onAbandoned: { calls.add(1, ordering: .relaxed) })
        var reader: BoundedChannel<Int>.Reader? = channel.makeReader()
        channel.send(1)
        reader?.cancel()
        reader = nil
        #expect(calls.load(ordering: .relaxed) == 1)
        #expect(channel.send(2) == .abandoned)
        channel.finish(with: 3)
    }

    @Test("a channel that was read to its end is not abandoned when its reader is dropped")
    func readToEnd() async {
        let calls = Atomic(0)
        let channel = BoundedChannel<Int>(capacity: 4, onAbandoned: { calls.add(1, ordering: .relaxed) })
        do {
            let reader = channel.makeReader()
            channel.finish(with: 1)
            while await reader.next() != nil {}
        }
        #expect(calls.load(ordering: .relaxed) == 0)
    }

    @Test("cancelling the reading task wakes it with nil")
    func cancelled() async {
        let (abandoned, signal) = AsyncStream.makeStream(of: Void.self)
        let channel = BoundedChannel<Int>(capacity: 4, onAbandoned: { signal.yield() })
        let reader = channel.makeReader()
        let task = Task { await reader.next() }
        task.cancel()
        #expect(await task.value == nil)
        for await _ in abandoned { break }
    }

    @Test("nothing is lost between a fast producer that heeds the bound and a reader")
    func producerAndReader() async {
        let (room, signal) = AsyncStream.makeStream(of: Void.self)
        let channel = BoundedChannel<Int>(capacity: 8, onRoom: { signal.yield() })
        let reader = channel.makeReader()
        let producer = Task {
            var rooms = room.makeAsyncIterator()
            for number in 0..<5000 where channel.send(number) == .full { await rooms.next() }
            channel.finish()
        }
        var expected = 0
        for await number in reader {
            #expect(number == expected)
            expected += 1
        }
        #expect(expected == 5000)
        await producer.value
    }
}
