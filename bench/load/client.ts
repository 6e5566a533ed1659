import { connect, type Socket } from "node:net";
import { openHex } from "../../src/wire/classic/encodings.ts";
import { createKeyPair, publicKeyHex, sharedKey } from "../../src/wire/classic/key-exchange.ts";

/** One connection that has been set up as a classic client does it. */
export interface Client {
  readonly name: string;
  readonly socket: Socket;
  /** The connection's AES key. */
  readonly key: Uint8Array;
}

/** What a client tells, once it is set up. */
export interface ClientEvents {
  /** So many bytes came; they are in the first `count` bytes of `bytes` until the next call. */
  onBytes: (count: number, bytes: Buffer) => void;
}

/** All clients read into the same memory: what they are told is counted, not kept. */
const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

/** One key pair for all clients, so that the key is computed once for each server. The server doesn't notice. */
const pair = createKeyPair();
const keyLines = `CLIENTPUBKEY\n${publicKeyHex(pair)}\nEND CLIENTPUBKEY\n`;
const sharedKeys = new Map<string, Uint8Array>();

/** Connects, registers, exchanges keys; resolves when the server has acknowledged. Rejects when it refuses or hangs up. */
export function setUp(port: number, name: string, events: ClientEvents): Promise<Client> {
  const { promise, resolve, reject } = Promise.withResolvers<Client>();
  let said = "";
  let key: Uint8Array | null = null;
  let isReady = false;

  const socket = connect({
    port,
    host: "127.0.0.1",
    noDelay: true,
    onread: {
      buffer,
      callback: (count) => {
        if (isReady) events.onBytes(count, buffer);
        else hear(buffer.toString("latin1", 0, count));
        return true;
      },
    },
  });
  socket.on("connect", () => socket.write(`REGISTER ${name}\n`));
  socket.on("error", reject);
  socket.on("close", () => {
    if (isReady) events.onBytes = () => {};
    else reject(new Error(`${name} could not be set up, the server said: ${said}`));
  });
  return promise;

  function hear(text: string): void {
    said += text;
    if (key === null) {
      const serverKey = /^REGISTERED[^\n]*\nPUBLICKEY\n([0-9a-f]+)\nEND PUBLICKEY\n$/.exec(said)?.[1];
      if (serverKey === undefined) return;
      key = keyWith(serverKey);
      socket.write(keyLines);
    } else if (said.endsWith("CLIENTPUBKEY_RECEIVED\n")) {
      isReady = true;
      resolve({ name, socket, key });
    }
  }
}

function keyWith(serverKeyHex: string): Uint8Array {
  const known = sharedKeys.get(serverKeyHex);
  if (known !== undefined) return known;
  const key = sharedKey(pair, openHex(serverKeyHex) ?? new Uint8Array());
  if (key === null) throw new Error("the server's public key is none");
  sharedKeys.set(serverKeyHex, key);
  return key;
}
