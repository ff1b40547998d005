import Foundation
import RuntimeSupport
import Synchronization
import Testing

@Suite("Thread executors")
struct ThreadExecutorTests {
    private actor Counter {
        private nonisolated let executor: ThreadExecutor
        private(set) var threads: Set<ObjectIdentifier> = []
        private(set) var count = 0

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init(_ executor: ThreadExecutor) { self.executor = executor }

        func add() {
            count += 1
            threads.insert(ObjectIdentifier(Thread.current))
        }

        nonisolated func addLater() { executor.async { self.assumeIsolated { $0.add() } } }
    }

    @Test("an actor's jobs and closures all run on the one thread")
    func isolation() async {
        let executor = ThreadExecutor(name: "counting", heartbeat: Heartbeat())
        let counter = Counter(executor)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { if number % 2 == 0 { await counter.add() } else { counter.addLater() } }
            }
        }
        #expect(await counter.count == 200)
        #expect(await counter.threads.count == 1)
        executor.stop()
    }

    @Test("a stop runs what was enqueued before it, and drops closures that come after")
    func stop() {
        let executor = ThreadExecutor(name: "stopping", heartbeat: Heartbeat())
        let count = Guarded(0)
        for _ in 0..<100 { executor.async { count.withLock { $0 += 1 } } }
        executor.stop()
        #expect(count.withLock { $0 } == 100)
        executor.async { count.withLock { $0 += 1 } }
        executor.stop()
        #expect(count.withLock { $0 } == 100)
    }

    @Test("an idle thread beats by itself")
    func threadBeats() async {
        let (beats, signal) = AsyncStream.makeStream(of: Void.self)
        let beat = Heartbeat {
            signal.yield()
            return 0
        }
        let executor = ThreadExecutor(name: "beating", heartbeat: beat, idleBeat: .milliseconds(1))
        var iterator = beats.makeAsyncIterator()
        for _ in 0..<5 { await iterator.next() }
        executor.stop()
    }

    @Test("the silence is the time since the last beat")
    func heartbeat() async {
        let now = Guarded(Int64(0))
        let beat = Heartbeat { now.withLock { $0 } }
        now.withLock { $0 = 5000 }
        #expect(beat.silence == .seconds(5))
        beat.beat()
        #expect(beat.silence == .zero)
        beat.rest()
        now.withLock { $0 = 90_000 }
        #expect(beat.silence == .zero)
        beat.beat()
        now.withLock { $0 = 91_000 }
        #expect(beat.silence == .seconds(1))
    }
}
