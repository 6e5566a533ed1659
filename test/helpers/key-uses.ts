/**
 * Which keys messages were sealed with, by all devices of this process: only an engine, or a member that opens a message, knows its generation. Each
 * (group, epoch, leaf, generation) is one key and one nonce (RFC 9420, 9.1), and of all that is sealed with one only one message may leave.
 */
import { createHash } from "node:crypto";
import type { framesDelivery } from "../../src/agent/delivery/frames-delivery.ts";
import type { Group } from "../../src/mls/group-engine.ts";
import type { memberGroup } from "../../src/mls/member-group.ts";

export class KeyUses {
  /** By key: the hashes of what was sealed with it. */
  readonly #sealed = new Map<string, Set<string>>();
  readonly #left = new Set<string>();

  sealing(real: typeof memberGroup): typeof memberGroup {
    return (...made) => this.watched(real(...made));
  }

  watched(group: Group): Group {
    const seal: Group["seal"] = (plaintext, authenticatedData) => {
      const sealed = group.seal(plaintext, authenticatedData);
      const { epoch, generation, message } = sealed;
      const key = [Buffer.from(group.id).toString("hex"), epoch, group.leaf, generation].join(" ");
      this.#sealed.set(key, (this.#sealed.get(key) ?? new Set()).add(hashOf(message)));
      return sealed;
    };
    // Its getters stay its own.
    return Object.create(group, { seal: { value: seal } });
  }

  sending(real: typeof framesDelivery): typeof framesDelivery {
    return (options) => {
      const service = real(options);
      return {
        ...service,
        send: async (message) => {
          this.left(message.bytes);
          return await service.send(message);
        },
      };
    };
  }

  left(message: Uint8Array): void {
    this.#left.add(hashOf(message));
  }

  /** Keys with which more than one message was sealed that left. */
  get usedTwice(): readonly string[] {
    return [...this.#sealed].flatMap(([key, messages]) =>
      [...messages].filter((message) => this.#left.has(message)).length > 1 ? [key] : [],
    );
  }

  /** Keys with which more than one message was sealed, whether or not it left. */
  get sealedTwice(): readonly string[] {
    return [...this.#sealed].flatMap(([key, messages]) => (messages.size > 1 ? [key] : []));
  }

  /** How many different messages left whose sealing was seen, and how many left in all. */
  get seen(): { readonly sealed: number; readonly left: number } {
    const sealed = new Set<string>();
    for (const messages of this.#sealed.values()) for (const message of messages) sealed.add(message);
    return { sealed: [...this.#left].filter((message) => sealed.has(message)).length, left: this.#left.size };
  }
}

/** Of this process; a test file has one of its own. */
export const KEY_USES = new KeyUses();

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
