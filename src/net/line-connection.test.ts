import { once } from "node:events";
import type { Socket } from "node:net";
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { closing, cut, lineEnd, readBytes, readToEnd, socketPair } from "../../test/socket-pair.ts";
import { LineConnection } from "./line-connection.ts";
import { END_TIMEOUT } from "./line-options.ts";

/** Resolves when the kernel has taken it, so that the next write is a segment of its own. */
const write = (socket: Socket, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => void socket.write(bytes, () => resolve()));

function writesVectors(socket: Socket): socket is Socket & Required<Pick<Socket, "_writev">> {
  return "_writev" in socket;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("NE-5 lines come whole and in order, one byte at a time", async () => {
  const { client, heard, until } = await lineEnd();
  for (const byte of Buffer.from("REGISTER alice\r\n\nLIST\n")) await write(client, Buffer.from([byte]));
  await until((line) => line === "LIST");
  expect(heard).toEqual(["REGISTER alice\r", "", "LIST"]);
});

test("NE-5 lines come whole and in order, in random pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 40 }), { maxLength: 30 }),
      fc.array(fc.nat(900), { maxLength: 12 }),
      async (lines, places) => {
        const { client, heard, until } = await lineEnd();
        const stream = Buffer.from([...lines, "the last"].map((line) => `${line}\n`).join(""), "latin1");
        for (const piece of cut(stream, places)) await write(client, piece);
        await until((line) => line === "the last");
        expect(heard).toEqual([...lines, "the last"]);
        client.destroy();
      },
    ),
    { numRuns: 40 },
  );
});

test("NE-3 a line over the limit is the last thing heard, and the peer can still read why", async () => {
  const { client, connection, heard, closed } = await lineEnd({
    lineLimit: 10,
    onTooLong: () => {
      connection.send("ERROR Line too long\n");
      connection.end();
    },
  });
  client.write(`LIST\n${"x".repeat(11)}`);
  client.write(`${"x".repeat(1_000_000)}\nLIST\n`);
  expect(await readToEnd(client)).toBe("ERROR Line too long\n");
  client.end();
  await closed;
  expect(heard).toEqual(["LIST", "<too-long>", "<ended>"]);
});

test.each([
  { linesPerTurn: 500, lines: Array.from({ length: 30_000 }, (_, index) => `line ${index}`) },
  // Few lines in each block that is read, but many blocks in a turn.
  { linesPerTurn: 3, lines: Array.from({ length: 100 }, (_, index) => `${index} `.padEnd(30_000, "x")) },
])("NE-6 a burst is heard in portions of one turn, $linesPerTurn, in order, and loses nothing", async (burst) => {
  const { linesPerTurn, lines } = burst;
  const portions: number[] = [];
  let open = false;
  const { client, heard, until } = await lineEnd({
    linesPerTurn,
    onLine: () => {
      if (!open) {
        open = true;
        portions.push(0);
        // Immediates run at the end of a turn, and those set meanwhile one turn later.
        setImmediate(() => (open = false));
      }
      portions.push((portions.pop() ?? 0) + 1);
    },
  });
  client.write(lines.map((line) => `${line}\n`).join(""));
  await until((line) => line === lines.at(-1));
  expect(heard).toEqual(lines);
  expect(Math.max(...portions)).toBe(linesPerTurn);
});

test("NE-6 others are heard while a burst waits", async () => {
  const busy = await lineEnd({ linesPerTurn: 1 });
  const other = await lineEnd();
  busy.client.write("x\n".repeat(20_000));
  await busy.until(() => true);
  other.client.write("hello\n");
  await other.until((line) => line === "hello");
  expect(busy.heard.length).toBeLessThan(20_000);
});

test("NE-6 no line is handed up after end() or destroy(), though many wait", async () => {
  for (const stop of ["end", "destroy"] as const) {
    const { client, connection, heard, closed } = await lineEnd({
      linesPerTurn: 8,
      onLine: (line) => {
        if (line.toString() === "stop") connection[stop]();
      },
    });
    client.end(`${"x\n".repeat(20)}stop\n${"x\n".repeat(100)}`);
    await closed;
    expect(heard).toEqual([...Array<string>(20).fill("x"), "stop", stop === "end" ? "<ended>" : "<destroyed>"]);
  }
});

test("NE-7 what one turn sends leaves in one write, in order, and leaves nothing behind", async () => {
  const { client, accepted, connection } = await lineEnd();
  // What a stream calls to write one chunk or several (https://nodejs.org/api/stream.html#implementing-a-writable-stream).
  if (!writesVectors(accepted)) throw new Error("a TCP socket writes several chunks at once");
  const writes = [vi.spyOn(accepted, "_write"), vi.spyOn(accepted, "_writev")];
  const count = (): number => writes.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  connection.send("a");
  connection.send("b");
  connection.send(Buffer.from("c"));
  connection.send(Uint8Array.from([0xff]));
  connection.send("\u00fe\n");
  expect(connection.queued).toBe(6);
  expect(count()).toBe(0);
  connection.flush();
  connection.flush();
  expect(count()).toBe(1);
  expect(await readBytes(client, 6)).toBe("abc\u00ff\u00fe\n");
  expect(connection.queued).toBe(0);
  connection.send("\u00fe");
  connection.flush();
  expect(await readBytes(client, 1)).toBe("\u00fe");
  connection.send("x".repeat(10_000));
  connection.send("y".repeat(10_000));
  connection.flush();
  expect(await readBytes(client, 20_000)).toBe("x".repeat(10_000) + "y".repeat(10_000));
});

test("NE-7 a turn may send more than the queue holds, as long as the kernel takes it", async () => {
  const { client, connection } = await lineEnd({ queueLimit: 80_000 });
  for (let sent = 0; sent < 3; sent++) connection.send(Buffer.alloc(40_000, "x"));
  connection.flush();
  expect((await readBytes(client, 120_000)).length).toBe(120_000);
});

test("NE-8 a reader that stops is dropped at the limit; what waited for it is freed and nobody else notices", async () => {
  const slow = await lineEnd({ queueLimit: 100_000 });
  const quick = await lineEnd({ queueLimit: 100_000 });
  slow.client.pause();
  let largest = 0;
  for (let sent = 0; !slow.accepted.destroyed; sent++) {
    expect(sent).toBeLessThan(10_000);
    for (const { connection } of [slow, quick]) {
      connection.send(Buffer.alloc(9_999, "x"));
      connection.send("\n");
      connection.flush();
    }
    if (!slow.accepted.destroyed) largest = Math.max(largest, slow.connection.queued);
    await readBytes(quick.client, 10_000);
    expect(quick.connection.queued).toBe(0);
  }
  expect(largest).toBeLessThanOrEqual(100_000);
  expect(largest).toBeGreaterThan(0);
  expect(await slow.closed).toBe("slow-reader");
  expect(slow.connection.queued).toBe(0);
  slow.connection.send("ignored");
  slow.connection.flush();
  expect(slow.connection.queued).toBe(0);
});

test("NE-9 end() lets the peer read everything, then the end", async () => {
  const { client, connection, closed } = await lineEnd();
  connection.send("x".repeat(500_000));
  connection.send("KICKED\n");
  connection.end();
  connection.send("too late");
  connection.end();
  const text = await readToEnd(client);
  expect(text.length).toBe(500_007);
  expect(text.endsWith("KICKED\n")).toBe(true);
  client.end();
  expect(await closed).toBe("ended");
});

test("NE-9 a peer that goes on talking, even while a burst of it waits, still reads our last words", async () => {
  const { client, connection, until, closed } = await lineEnd({ linesPerTurn: 1, endTimeout: 600_000 });
  client.write("x\n".repeat(1_000_000));
  await until((line) => line === "x");
  connection.send("KICKED\n");
  connection.end();
  expect(await readToEnd(client)).toBe("KICKED\n");
  client.end();
  expect(await closed).toBe("ended");
});

test("NE-9 a peer that neither reads nor closes is not waited for", async () => {
  const deaf = await lineEnd({ endTimeout: 50, queueLimit: 64 * 1024 * 1024 });
  deaf.client.pause();
  while (deaf.connection.queued === 0) {
    deaf.connection.send(Buffer.alloc(1_000_000));
    deaf.connection.flush();
    await turn();
  }
  deaf.connection.end();
  expect(await deaf.closed).toBe("slow-reader");

  const lingering = await lineEnd({ endTimeout: 50 });
  lingering.connection.end();
  await readToEnd(lingering.client);
  expect(await lingering.closed).toBe("ended");
});

test("NE-10 a script that writes and half-closes is heard to its last whole line and gets its answers", async () => {
  const { client, connection, heard, closed } = await lineEnd({
    linesPerTurn: 3,
    onLine: (line) => {
      connection.send(`${line.toString()} heard\n`);
      connection.flush();
    },
    // Answers may take turns of their own.
    onEnd: () =>
      void setImmediate(() => {
        connection.send("bye\n");
        connection.end();
      }),
  });
  client.end(`${"LIST\n".repeat(10)}unfinished`);
  expect(await readToEnd(client)).toBe(`${"LIST heard\n".repeat(10)}bye\n`);
  expect(await closed).toBe("left");
  expect(heard).toEqual([...Array<string>(10).fill("LIST"), "<end>", "<left>"]);
});

test("NE-10 a peer that ended, or closed, before anybody listened is noticed", async () => {
  for (const event of ["end", "close"] as const) {
    const { client, accepted } = await socketPair();
    accepted.resume();
    if (event === "end") client.end();
    else client.resetAndDestroy();
    await (event === "end" ? once(accepted, "end") : closing(accepted));
    const { promise, resolve } = Promise.withResolvers<string>();
    const connection = new LineConnection(
      accepted,
      {},
      {
        onMessage: () => {},
        onUnfinished: () => {},
        onTooLong: () => {},
        onEnd: () => connection.end(),
        onDrain: () => {},
        onClose: resolve,
      },
    );
    client.end();
    expect(await promise).toBe(event === "end" ? "left" : "reset");
  }
});

test("NE-10 a half-open connection that nobody ends is closed in the end", async () => {
  const { client, connection, closed } = await lineEnd({ answerTimeout: 20 });
  client.end("LIST\n");
  expect(await closed).toBe("left");
  expect(connection.queued).toBe(0);
});

test("NE-10 an answer that takes longer than a goodbye still reaches a peer that half-closed", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { client, connection, until, closed } = await lineEnd();
  client.end("BAN troll\n");
  await until((line) => line === "<end>");
  vi.advanceTimersByTime(END_TIMEOUT + 1);
  connection.send("SUCCESS\n");
  connection.end();
  expect(await readToEnd(client)).toBe("SUCCESS\n");
  expect(await closed).toBe("left");
});

test("NE-20 a paused connection hands up nothing, not even of the block at hand, and goes on where it was", async () => {
  const { client, connection, heard, until } = await lineEnd({
    onLine: (line) => {
      if (line.toString() === "2") connection.pause();
    },
  });
  client.write("1\n2\n3\n4");
  await until((line) => line === "2");
  client.write("4\n5\n");
  const other = await lineEnd();
  for (let trip = 0; trip < 20; trip++) {
    other.client.write(`${trip}\n`);
    await other.until((line) => line === `${trip}`);
  }
  expect(heard).toEqual(["1", "2"]);
  connection.resume();
  connection.resume();
  await until((line) => line === "5");
  expect(heard).toEqual(["1", "2", "3", "44", "5"]);
});

test("NE-20 what a paused peer goes on sending waits with it: what is read of it is bounded", async () => {
  const { client, accepted, connection, until } = await lineEnd({ onLine: () => connection.pause() });
  client.write("1\n");
  await until((line) => line === "1");
  client.write(Buffer.alloc(8_000_000, "x\n"));
  const other = await lineEnd();
  for (let trip = 0; trip < 50; trip++) {
    other.client.write(`${trip}\n`);
    await other.until((line) => line === `${trip}`);
  }
  expect(accepted.bytesRead).toBeLessThan(200_000);
});

test("NE-20 ending, destroying and a reset of a paused connection close it, and tell", async () => {
  for (const close of ["end", "destroy", "reset"] as const) {
    const { client, connection, until, closed } = await lineEnd({ onLine: () => connection.pause() });
    client.write("1\n2\n3\n");
    await until((line) => line === "1");
    if (close === "reset") client.resetAndDestroy();
    else {
      connection[close]();
      client.end();
    }
    // A reset is noticed when something is written, or read.
    if (close === "reset") connection.resume();
    expect(await closed).toBe({ end: "ended", destroy: "destroyed", reset: "reset" }[close]);
  }
});

test("NE-21 when a queue that had grown is empty, that is told, and what was taken is known", async () => {
  const drained = Promise.withResolvers<void>();
  const { client, connection } = await lineEnd({ queueLimit: 1 << 30, onDrain: () => drained.resolve() });
  client.pause();
  let sent = 0;
  while (connection.queued < 1_000_000) {
    connection.send(Buffer.alloc(1_000_000));
    connection.flush();
    sent += 1_000_000;
    await turn();
  }
  expect(connection.taken).toBe(sent - connection.queued);
  client.resume();
  await drained.promise;
  expect(connection.queued).toBe(0);
  expect(connection.taken).toBe(sent);
});

test("NE-11 a reset is a reason, not an error", async () => {
  const { client, heard, until, closed } = await lineEnd();
  client.write("LIST\n");
  await until((line) => line === "LIST");
  client.resetAndDestroy();
  expect(await closed).toBe("reset");
  expect(heard).toEqual(["LIST", "<reset>"]);
});

test("NE-11 lines that came before a reset are still heard", async () => {
  const { client, heard, closed } = await lineEnd({
    linesPerTurn: 1,
    onLine: () => void client.resetAndDestroy(),
  });
  client.write("x\n".repeat(20));
  expect(await closed).toBe("reset");
  expect(heard).toEqual([...Array<string>(20).fill("x"), "<reset>"]);
});

test("NE-11 writing to a peer that is gone is no error", async () => {
  const { client, accepted, connection, closed } = await lineEnd();
  client.resetAndDestroy();
  await closing(client);
  for (let sent = 0; !accepted.destroyed; sent++) {
    connection.send("anybody there?\n");
    connection.flush();
    await turn();
  }
  expect(await closed).toBe("reset");
});

test("NE-12 closing is told once, last, and never from inside a call", async () => {
  const { client, connection, heard, closed } = await lineEnd({ queueLimit: 10, linesPerTurn: 1 });
  client.write("a\nb\n");
  connection.send("more than ten bytes");
  connection.destroy();
  connection.end();
  expect(heard).toEqual([]);
  expect(await closed).toBe("slow-reader");
  await turn();
  expect(heard).toEqual(["<slow-reader>"]);
});
