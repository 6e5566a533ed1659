import type { Options } from "../args/options.ts";

/** What the server can be told, on the command line, as `PADSERVE_…` in the environment, or in the configuration file. */
export const SERVER_OPTIONS = {
  port: {
    kind: "number",
    placeholder: "N",
    min: 0,
    max: 65535,
    help: "TCP port (default 12345; 0: any that is free)",
  },
  ipv4: { kind: "flag", help: "listen on the tailnet's IPv4 address only (with --ipv6: on both, as by default)" },
  ipv6: { kind: "flag", help: "listen on the tailnet's IPv6 address only" },
  listen: { kind: "texts", placeholder: "ADDRESS", help: "listen on this address of this machine, too (repeatable)" },
  data: {
    kind: "text",
    placeholder: "FOLDER",
    help: "where names and bans are kept (default: the platform's state folder)",
  },
  config: { kind: "text", placeholder: "FILE", help: "JSON file with these same options" },
  operator: {
    kind: "texts",
    placeholder: "WHO",
    help: "an operator: a name or a login; name:… or login:… to mean one only (repeatable)",
  },
  capability: {
    kind: "text",
    placeholder: "NAME",
    help: "the app capability by which the tailnet policy makes operators (default padserve.dev/cap/chat)",
  },
  "trust-local": {
    kind: "flag",
    help: "who connects on this machine itself is its owner: only for a machine with one user",
  },
  "tailscale-socket": {
    kind: "text",
    placeholder: "PATH",
    help: "tailscaled's socket, where it is not at its usual place",
  },
  alias: {
    kind: "texts",
    placeholder: "NAME",
    help: "another name of this server that HTTP requests may use (repeatable)",
  },
  "message-rate": {
    kind: "number",
    placeholder: "N",
    min: 0,
    max: 1_000_000,
    help: "messages a second from one session, bursts of ten times that (default 20; 0: no limit)",
  },
  "max-line": {
    kind: "number",
    placeholder: "BYTES",
    min: 1024,
    max: 1 << 24,
    help: "longest line of a client (default 65536)",
  },
  "max-connections": {
    kind: "number",
    placeholder: "N",
    min: 1,
    max: 1_000_000,
    help: "connections in all (default 10000)",
  },
  "max-per-identity": {
    kind: "number",
    placeholder: "N",
    min: 1,
    max: 1_000_000,
    help: "connections of one identity (default 64)",
  },
  "max-local-names": {
    kind: "number",
    placeholder: "N",
    min: 1,
    max: 1_000_000,
    help: "names that users of this machine may claim, together (default 64)",
  },
  "max-queue": {
    kind: "number",
    placeholder: "BYTES",
    min: 65536,
    max: 1 << 30,
    help: "what may wait for a reader that is slow before it is dropped (default 1048576)",
  },
  "register-timeout": {
    kind: "number",
    placeholder: "SECONDS",
    min: 0.05,
    max: 3600,
    fractions: true,
    help: "from connecting to REGISTER, and from there to the key (default 10)",
  },
  scrollback: {
    kind: "number",
    placeholder: "N",
    min: 0,
    max: 1000,
    help: "lines of the open room that are kept, in memory alone, for who comes by nc or telnet (default 20; 0: none)",
  },
  "log-level": {
    kind: "text",
    placeholder: "LEVEL",
    oneOf: ["debug", "info", "warn", "error"],
    help: "debug, info, warn or error (default info)",
  },
  "log-format": {
    kind: "text",
    placeholder: "FORMAT",
    oneOf: ["json", "pretty"],
    help: "json or pretty (default: pretty on a terminal)",
  },
} as const satisfies Options;
