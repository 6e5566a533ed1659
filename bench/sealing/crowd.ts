import { deviceSigner, type DeviceSigner } from "../../src/mls/device-signer.ts";
import type { Group } from "../../src/mls/group-engine.ts";
import { createInstance } from "../../src/mls/module/instance.ts";
import { Reply } from "../../src/mls/module/reply.ts";
import { makeRecord, seed } from "../../test/mls/people.ts";

/**
 * Lets devices join a group by external commits until it has so many members: a warm tree, in which each has keys of its own
 * on its path. All of them live in one instance of the module, without threads, and are gone afterwards.
 */
export function growTo(group: Group, size: number): void {
  let signer: DeviceSigner | null = null;
  const instance = createInstance({
    sign: (data) => signer!.sign(data),
    panicked: (words) => process.stderr.write(`${words}\n`),
  });
  for (let members = group.members().length; members < size; members += 1) {
    const device = seed();
    signer = deviceSigner(device);
    const engine = new instance.RawEngine(
      signer.publicKey,
      makeRecord({ identity: `crowd${members}` }, seed(), device),
    );
    const joined = engine.joinExternal(group.info(), new Uint8Array());
    group.process(new Reply(joined.reply).bytes());
    joined.free();
    engine.free();
  }
}
