import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { socketUser } from "./socket-user.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

test.runIf(process.platform === "linux").each(["127.0.0.1", "::1"])(
  "NE-34 the user whose process is at the other end of a connection over %s is known, and nobody where it has gone",
  async (host) => {
    const server = createServer({ allowHalfOpen: true }).listen(0, host);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    const { port } = server.address() as AddressInfo;
    const code = `require("net").connect(${port}, ${JSON.stringify(host)}).resume()`;
    const user = isRoot ? { uid: NOBODY } : {};
    const child = spawn(process.execPath, ["-e", code], { stdio: "ignore", cwd: "/", ...user });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [socket]: Socket[] = await once(server, "connection");
    if (socket === undefined) throw new Error("nobody came");
    expect(await socketUser(socket)).toBe(isRoot ? NOBODY : process.getuid?.());
    expect(await socketUser({ ...ends(socket), remotePort: 1 })).toBeNull();
    socket.destroy();
  },
);

test.runIf(process.platform === "linux").each([
  ["has closed it", "socket.destroy()"],
  ["was killed", "process.kill(process.pid, 'SIGKILL')"],
])("NE-34 of a connection whose process %s the user isn't known: least of all is it root", async (_, leave) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  const code = `const socket = require("net").connect(${port}, "127.0.0.1").resume(); socket.once("data", () => ${leave}); socket.on("error", () => {})`;
  const child = spawn(process.execPath, ["-e", code], {
    stdio: "ignore",
    cwd: "/",
    ...(isRoot ? { uid: NOBODY } : {}),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("nobody came");
  onTestFinished(() => void socket.destroy());
  const known = ends(socket);
  socket.on("error", () => {}).resume();
  const left = once(socket, "end");
  socket.write("leave");
  await left;
  expect(await socketUser(known)).toBeNull();
});

function ends({ remoteAddress, remotePort, localAddress, localPort }: Socket) {
  return { remoteAddress, remotePort, localAddress, localPort };
}
