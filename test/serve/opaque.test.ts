import { randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startServe } from "../helpers/serve.ts";

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

test("SR-31 no word that was said sealed and no key is in the server's memory, files or log; the same search finds what is open", async () => {
  const { program, port, data } = await startServe({ args: ["--log-level", "debug"] });
  const open = randomBytes(12).toString("hex");
  const sealed = randomBytes(12).toString("hex");
  const title = `room-${randomBytes(6).toString("hex")}`;
  using peer = await FramePeer.connect(port);
  const device = makeDevice(peer.hello.server.id, { kind: "name", identity: "alice" });
  await peer.greet("alice", device);
  const group = randomBytes(16);
  const created = device.engine.createGroup(new Uint8Array(group), {
    access: "invite",
    add: "members",
    remove: "members",
    moderators: [],
    listed: [],
  });
  const id = base64url(group);
  await peer.get("create-group", { group: id, place: { kind: "room", name: title }, groupInfo: created.info() });
  const { message: bytes } = created.seal(new TextEncoder().encode(sealed));
  const { number } = await peer.get("send", {
    group: id,
    epoch: 0,
    counter: 1,
    message: base64url(randomBytes(16)),
    bytes,
  });
  expect(number).toBeGreaterThan(0);
  await peer.get("say", { text: open });

  const memory = Buffer.concat([...memoryOf(program.pid)]);
  const files = Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))));
  expect(memory.includes(open)).toBe(true);
  expect(memory.includes(device.key.publicKey)).toBe(true);
  expect(files.includes(title)).toBe(true);
  program.kill("SIGKILL");
  const { stdout, stderr } = await program.exited;
  const log = Buffer.from(stdout + stderr);
  expect(log.includes(open)).toBe(false);
  for (const [where, found] of Object.entries({ memory, files, log })) {
    for (const spelt of [...spellings(Buffer.from(sealed)), ...spellings(Buffer.from(device.key.seed))]) {
      expect(found.includes(spelt), where).toBe(false);
    }
  }
});

function spellings(secret: Buffer): readonly Buffer[] {
  const text = secret.toString("latin1");
  const spelt = [text, secret.toString("hex"), secret.toString("base64url"), secret.toString("base64")];
  return spelt.flatMap((one) => [Buffer.from(one, "latin1"), Buffer.from(one, "utf16le")]);
}

/** What a process could leave in a core: all that it can write. A child's memory is its parent's to read. */
function* memoryOf(pid: number): Generator<Buffer> {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const [, from = "", to = ""] of readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/^(\w+)-(\w+) rw/gm)) {
      const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
      for (let at = start; at < end; at += PIECE) {
        const piece = Buffer.alloc(Math.min(PIECE, end - at));
        try {
          const read = piece.subarray(0, readSync(memory, piece, 0, piece.length, at));
          // Most of it was never written.
          if (!read.equals(ZEROS.subarray(0, read.length))) yield read;
        } catch {
          // Reserved, and never written.
        }
      }
    }
  } finally {
    closeSync(memory);
  }
}

const PIECE = 1 << 20;
const ZEROS = Buffer.alloc(PIECE);
