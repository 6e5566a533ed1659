/** Loaded before a program: nobody listens on this machine at the port of every server, whoever happens to. */
import net, { type NetConnectOpts } from "node:net";
import { syncBuiltinESMExports } from "node:module";
import { DEFAULT_PORT } from "../../src/client/transport/index.ts";

const { connect } = net;
const NOBODYS = 1;
Object.assign(net, {
  connect: (options: NetConnectOpts) =>
    connect("port" in options && options.port === DEFAULT_PORT ? { ...options, port: NOBODYS } : options),
});
syncBuiltinESMExports();
