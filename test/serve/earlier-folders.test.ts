import { expect, test } from "vitest";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { unpackFolder } from "../store/folders.ts";

test.each([4, 5, 6].flatMap((version) => [`database-${version}-stopped`, `database-${version}-killed`]))(
  "ST-21 a server goes on with the folder %s: the people, their devices and their rooms are there",
  async (name) => {
    const data = scratchFolder();
    unpackFolder(name, data);
    const { port, program } = await startServe({ data });
    using peer = await FramePeer.connect(port);
    const { id } = peer.hello.server;
    await peer.greet("carol", makeDevice(id, { kind: "name", identity: "carol" }));
    for (const person of ["ada", "bob"])
      expect(await peer.get("look-up", { name: person })).toMatchObject({
        person: { owner: { kind: "name", identity: person }, devices: [{}] },
      });
    const { groups } = await peer.get("groups", { after: null });
    expect(groups.map(({ place }) => place)).toContainEqual({ kind: "everyone" });
    expect(groups.map(({ place }) => place)).toContainEqual({ kind: "room", name: "ops" });
    program.kill("SIGTERM");
    expect(await program.exited).toMatchObject({ code: 0 });
  },
);
