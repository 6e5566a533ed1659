/** `mls/module`: the WebAssembly module that `npm run engine` builds from engine/, and how it is started and spoken to. */

import { readFileSync } from "node:fs";
import { createGlue } from "./glue.ts";

/**
 * One instance of the module: its memory, and classes whose objects live in it. A trap (a panic, no memory) ends it: then it is
 * thrown away and another is made.
 */
export interface Instance {
  readonly RawEngine: {
    new (deviceKey: Uint8Array, record: Uint8Array): RawEngine;
  };
  readonly RawObserver: {
    observe(groupInfo: Uint8Array): RawObserver;
    load(state: Uint8Array, tree: Uint8Array): RawObserver;
    inspectKeyPackage(keyPackage: Uint8Array, now: number): Uint8Array;
    welcomeReferences(welcome: Uint8Array): Uint8Array;
  };
  /** For tests: `signatures` packs key, signature and data of each. Whether each holds by itself, then whether all together do. */
  verify(signatures: Uint8Array): Uint8Array;
  /** Ends the instance by a panic: for tests of what follows. */
  trap(): void;
  /** Bytes of its memory. */
  memory(): number;
}

/** What an instance asks of who made it. */
export interface Host {
  /** 64 bytes: the device key's Ed25519 signature. `data` is a view that is good for this call only. */
  sign(data: Uint8Array): Uint8Array;
  /** A panic's words, for a log. */
  panicked(words: string): void;
}

/** Replies are read by `reply.ts`; `engine/module/src/binding.rs` writes them. */
export interface RawEngine {
  renewRecord(record: Uint8Array): void;
  keyPackage(lastResort: boolean, now: number, lifetime: number): Uint8Array;
  createGroup(groupId: Uint8Array, policy: Uint8Array): RawGroup;
  welcomeReferences(welcome: Uint8Array): Uint8Array;
  join(welcome: Uint8Array, secret: Uint8Array): RawJoin;
  joinExternal(groupInfo: Uint8Array, authenticatedData: Uint8Array): RawJoin;
  load(state: Uint8Array, tree: Uint8Array, epochs: Uint8Array): RawGroup;
  hpkeKey(): Uint8Array;
  hpkeSeal(to: Uint8Array, info: Uint8Array, plaintext: Uint8Array): Uint8Array;
  hpkeOpen(secret: Uint8Array, publicKey: Uint8Array, info: Uint8Array, sealed: Uint8Array): Uint8Array;
  free(): void;
}

export interface RawJoin {
  readonly reply: Uint8Array;
  takeGroup(): RawGroup;
  free(): void;
}

export interface RawGroup {
  status(): Uint8Array;
  members(): Uint8Array;
  member(leaf: number): Uint8Array;
  authenticator(): Uint8Array;
  exportSecret(label: Uint8Array, context: Uint8Array, length: number): Uint8Array;
  info(): Uint8Array;
  commitAdd(keyPackages: Uint8Array, now: number, authenticatedData: Uint8Array): Uint8Array;
  commitRemove(leaves: Uint32Array, authenticatedData: Uint8Array): Uint8Array;
  commitUpdate(engine: RawEngine, authenticatedData: Uint8Array): Uint8Array;
  commitPolicy(policy: Uint8Array, authenticatedData: Uint8Array): Uint8Array;
  apply(): Uint8Array;
  clear(): void;
  process(handshake: Uint8Array): Uint8Array;
  seal(plaintext: Uint8Array, authenticatedData: Uint8Array): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
  save(): Uint8Array;
  forgetEpochsBefore(epoch: number): void;
  free(): void;
}

export interface RawObserver {
  status(): Uint8Array;
  members(): Uint8Array;
  stage(commit: Uint8Array, now: number): Uint8Array;
  stagedMatches(groupInfo: Uint8Array): boolean;
  accept(): void;
  save(): Uint8Array;
  free(): void;
}

/** About 1 ms; the first time 15, to read and compile the module. */
export function createInstance(host: Host): Instance {
  const glue = createGlue();
  const { memory } = glue.initSync({ module: compiledModule() });
  glue.setHost(
    (data: Uint8Array) => host.sign(data),
    (words: string) => host.panicked(words),
  );
  return {
    RawEngine: glue.RawEngine,
    RawObserver: glue.RawObserver,
    verify: (signatures) => glue.verify(signatures),
    trap: () => glue.trap(),
    memory: () => memory.buffer.byteLength,
  };
}

/** The module as this process has compiled it. A thread that is handed it starts at once, with code as fast as it is here. */
export function compiledModule(): object {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("./engine.wasm", import.meta.url)));
  return compiled;
}

/** In a thread: what `compiledModule` gave its parent. */
export function useModule(module: object): void {
  compiled = module;
}

let compiled: object | null = null;

/** Node has it; its types don't, where those of a browser are left out. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };
