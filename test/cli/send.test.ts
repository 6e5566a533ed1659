import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { longestText } from "../../src/client/classic/index.ts";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { startScriptedServer } from "../fakes/scripted-server.ts";
import { LAUNCHER, runPadserve, scratchFolder, startPadserve } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";

test("CM-7 the longest text arrives, and one byte more is told before anybody is asked", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  for (const to of ["bob", "ALL"]) {
    const longest = "x".repeat(longestText(to));
    expect(await sendPiped(`${longest}\n`, to, server.port)).toMatchObject({ code: 0, stderr: "" });
    expect((await bob.message()).text).toBe(longest);
    // To where nobody listens: it comes to no connection.
    expect(await sendPiped(`${longest}x`, to, 1)).toMatchObject({
      code: 1,
      stderr: `pad send: Nothing was sent: the text is longer than ${longest.length} bytes, which is what one message can hold.\n`,
    });
  }
});

test("CM-7 it stops reading what can't be a message any more", async () => {
  const send = startPadserve(["send", "bob", "-", "--server", "127.0.0.1:1"]);
  // Its input never ends.
  send.write("x".repeat(2 * longestText("bob")));
  expect(await send.exited).toMatchObject({ code: 1 });
});

test("CM-7 bytes that are no UTF-8 don't keep an alarm from coming", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const send = startPadserve(["send", "bob", "-", "--server", `127.0.0.1:${server.port}`]);
  send.write(Buffer.from([0x61, 0xff, 0x62]));
  send.endInput();
  expect((await bob.message()).text).toBe("a\ufffdb");
  expect(await send.exited).toMatchObject({ code: 0 });
});

test("CM-5 a server that closes instead of answering has proven nothing", async () => {
  await using server = await startTestServer();
  const peer = await server.connect();
  const [registered, ...key] = [await peer.ask("REGISTER x"), ...(await peer.lines(3))];
  await using fake = await startScriptedServer(() => `${[registered, ...key].join("\n")}\n`);
  const { code, stderr } = await startPadserve(["send", "bob", "hi", "--server", where(fake.address.port)]).exited;
  expect(code).toBe(3);
  expect(stderr).toContain("Whether the message arrived is unknown; it was not sent again.");
});

test("CM-10 many scripts of one name at once all get their turn", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const sends = Array.from({ length: 4 }, (_, i) =>
    startPadserve(["send", "bob", `${i}`, "--as", "nas", "--server", where(server.port)]),
  );
  const exits = await Promise.all(sends.map((send) => send.exited));
  expect(exits.map(({ code }) => code)).toEqual(sends.map(() => 0));
  const heard = [];
  for (const _ of sends) heard.push((await bob.message()).text);
  expect(heard.toSorted()).toEqual(["0", "1", "2", "3"]);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "CM-4 a send that %s ends before it is proven exits with 130",
  async (signal) => {
    const silent = await startSilentServer();
    const send = startPadserve(["send", "bob", "hi", "--server", where(silent.port)]);
    await silent.asked;
    send.kill(signal);
    expect(await send.exited).toMatchObject({ code: 130, stdout: "", stderr: "" });
  },
);

test("CM-5 a server that doesn't answer in the time given has proven nothing", async () => {
  const silent = await startSilentServer();
  const send = startPadserve(["send", "bob", "hi", "--timeout", "0.1", "--server", where(silent.port)]);
  expect(await send.exited).toMatchObject({
    code: 3,
    stderr: "pad send: No answer within 0.1 s; nothing was sent.\n",
  });
});

function sendPiped(text: string, to: string, port: number) {
  const send = startPadserve(["send", to, "-", "--server", where(port)]);
  send.write(text);
  send.endInput();
  return send.exited;
}

/** A fake that takes connections and never says a word; `asked` resolves when somebody has said something. */
async function startSilentServer(): Promise<{ readonly port: number; readonly asked: Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => asked.resolve()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, asked: asked.promise };
}

function where(port: number): string {
  return `127.0.0.1:${port}`;
}

test("CM-5 everybody is ALL in any case, as in a chat", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const { code } = await runPadserve(["send", "all", "hi", "--server", `127.0.0.1:${server.port}`, "--as", "nas"]);
  expect(code).toBe(0);
  expect(await bob.message()).toEqual({ from: "nas", to: "ALL", text: "hi" });
});

test("CM-23 a send that failed exits as failed when nobody reads why", async () => {
  await using server = await startTestServer();
  const words = [LAUNCHER, "send", "nobody", "hi", "--as", "nas", "--server", where(server.port)];
  const send = spawn(process.execPath, words, {
    stdio: ["ignore", "inherit", "pipe"],
    // Nothing of this machine's user, and no agent of theirs.
    env: { PATH: process.env["PATH"], HOME: scratchFolder(), PAD_CLASSIC: "1" },
  });
  send.stderr.destroy();
  expect(await once(send, "exit")).toEqual([4, null]);
});

test("CM-4 why a message was not delivered is said for who wrote a script", async () => {
  await using server = await startTestServer();
  const send = (...words: string[]) => runPadserve(["send", ...words, "--server", where(server.port)]);
  expect(await send("nobody", "hi", "--as", "nas")).toMatchObject({
    code: 4,
    stderr: `pad send: Not delivered: nobody called nobody is connected to ${where(server.port)} now. pad who lists who is.\n`,
  });
  expect(await send("two words", "hi", "--as", "nas")).toMatchObject({
    code: 1,
    stderr: "pad send: Not sent: \"two words\" can't be anybody's name, which is one word.\n",
  });
});

test("CM-4 one message too many exits with 5", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => /^(LIST|SEND)\b/.test(line) });
  const send = startPadserve(["send", "bob", "hi", "--as", "nas", "--server", where(server.address.port)]);
  await server.hears("LIST");
  server.say("nas", "ERROR Too many messages\nBEGIN_RESPONSE\nCLIENT nas\nEND_RESPONSE\n");
  expect(await send.exited).toMatchObject({
    code: 5,
    stderr: "pad send: Too many messages at once: this one was not delivered. Wait a moment.\n",
  });
});
