import { hostname, userInfo } from "node:os";
import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { runPadserve, scratchFolder, startPadserve, type Exit, type Program } from "../../helpers/program.ts";
import { startTestServer, type TestServer } from "../../helpers/server.ts";
import { People } from "./people.ts";
import { readCommand, type Script, type Step } from "./script.ts";

/** What a script has in its own time: a server, the people there, and one command that may go on. */
interface Scene {
  readonly server: TestServer;
  readonly people: People;
  /** Nobody's home but this transcript's. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  running: Running | null;
  /** Other machines of the same person, by what they are called: their homes. */
  readonly homes: Map<string, string>;
  readonly seen: Seen;
}

/** What is another one in each run, and which of those that the page has stands for it. */
interface Seen {
  readonly ids: string[];
  readonly codes: string[];
  readonly tokens: string[];
}

interface Running {
  readonly program: Program;
  readonly shown: Shown;
}

/** Lines of a program: its output, and with `! ` in front its complaints. */
type Shown = readonly string[];

/**
 * Plays a transcript against the real program and a real server. Gives it as it really went, to be compared.
 * @param sealed with real agents; else by the classic protocol alone
 */
export async function play({ title, steps }: Script, sealed = false): Promise<string> {
  await using server = await startTestServer();
  const home = scratchFolder();
  const env = sealed ? sealedEnv(home) : {};
  const seen = { ids: [], codes: [], tokens: [] };
  const scene: Scene = { server, people: new People(server), home, env, running: null, homes: new Map(), seen };
  const played: string[] = [];
  try {
    for (const step of steps) played.push(step.line, ...(await playStep(step, scene)));
  } finally {
    const homes = [home, ...scene.homes.values()];
    if (sealed) await Promise.all([...homes.map((HOME) => stopAgent({ HOME, ...env })), scene.people.leave()]);
  }
  if (scene.running !== null) throw new Error("a command that goes on is never waited for");
  return `${[title, ...played].join("\n")}\n`;
}

/** Alice's machine, which has an agent, and remembers her name. */
function sealedEnv(home: string): Readonly<Record<string, string>> {
  const state = join(home, ".local/state/padserve");
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "client.json"), JSON.stringify({ id: "alice", server: "127.0.0.1:1" }), { mode: 0o600 });
  return { PAD_CLASSIC: "", PAD_AGENT_IDLE: "60" };
}

async function stopAgent(env: Readonly<Record<string, string>>): Promise<void> {
  await runPadserve(["agent", "stop"], { env });
}

async function playStep(step: Step, scene: Scene): Promise<Shown> {
  switch (step.kind) {
    case "remark":
      return [];
    case "action":
      await playAction(real(step.action, scene), scene);
      return [];
    case "command":
      return step.command === "wait" ? playEnd(scene) : playCommand(step, scene);
  }
}

async function playAction(action: string, scene: Scene): Promise<void> {
  if (action === "the server stops") return scene.server.stop();
  if (action === "Ctrl-C") return scene.running?.program.kill("SIGINT");
  if (action === "SIGTERM") return scene.running?.program.kill("SIGTERM");
  if (!(await scene.people.act(action))) throw new Error(`what is this to mean? (${action})`);
}

async function playCommand(
  { command, said, machine }: Extract<Step, { kind: "command" }>,
  scene: Scene,
): Promise<Shown> {
  const home = machine === null ? scene.home : homeOf(machine, scene);
  const where = `127.0.0.1:${scene.server.port}`;
  const { env, args, input, goesOn } = readCommand(real(command, scene), { SERVER: where });
  const program = startPadserve(args, {
    env: { PAD_SERVER: where, HOME: home, TZ: "UTC", ...scene.env, ...env },
  });
  if (input !== null) program.write(input);
  program.endInput();
  if (!goesOn) return steady(showExit(await program.exited), scene);
  for (const line of said) {
    if (line.startsWith("! ")) await program.complains(real(line.slice(2), scene));
    else await program.until(real(line, scene));
  }
  scene.running = { program, shown: said };
  return said;
}

/** Of another machine of hers, which is new when it is named first. */
function homeOf(machine: string, { homes }: Scene): string {
  const home = homes.get(machine) ?? scratchFolder();
  if (!homes.has(machine)) sealedEnv(home);
  homes.set(machine, home);
  return home;
}

/** The rest of what the running command has said, once it has ended. */
async function playEnd(scene: Scene): Promise<Shown> {
  if (scene.running === null) throw new Error("there is nothing to wait for");
  const { program, shown } = scene.running;
  const all = steady(showExit(await program.exited), scene);
  scene.running = null;
  const rest = [...all];
  for (const line of shown) {
    if (!rest.includes(line)) throw new Error(`it never said: ${line}`);
    rest.splice(rest.indexOf(line), 1);
  }
  return rest;
}

function showExit({ code, signal, stdout, stderr }: Exit): Shown {
  return [
    ...linesOf(stdout),
    ...linesOf(stderr).map((line) => `! ${line}`),
    code === null ? `ended by ${signal}` : `exit code ${code}`,
  ];
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** What differs between machines and runs is read as one that stands for all. */
function steady(lines: Shown, { server, seen }: Scene): Shown {
  return lines.map((line) =>
    line
      .replaceAll(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}(?![-\w])/g, (code) => standIn(seen.codes, CODES, code))
      .replaceAll(/\bpdt1(?:-[0-9A-Z]{2,4})+/g, (token) => standIn(seen.tokens, TOKENS, token))
      .replaceAll(/^\d{5}( \d{5}){5}$/g, "06326 65721 06506 60387 85768 00829")
      .replaceAll(`127.0.0.1:${server.port}`, "$SERVER")
      .replaceAll(ownName(), "alice-nas")
      .replaceAll(`alice-${host()}`, "alice-nas")
      .replaceAll(`"device":"${host()}"`, '"device":"nas"')
      .replaceAll(new RegExp(`^(\\*?)${host()}(?=\t| is (?:one|none) of your devices)`, "g"), "$1nas")
      .replaceAll(new RegExp(`\t${host()}(?=\t-$|$)`, "g"), "\tnas")
      .replaceAll(/"id":"[\w.-]{22,66}"/g, '"id":"BBSjgOoXH2FkiPLSPeTf2g"')
      .replaceAll(/^ {4}\d{5}( \d{5}){3}$/g, "    04213 55870 91126 30088")
      .replaceAll(/(?<=\t)[\w-]{22}(?=\t|$)/g, (id) => standIn(seen.ids, IDS, id))
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-12-01T12:00:00.000Z"),
  );
}

const IDS = ["p66ADv9bb3H8JcmfCyLTYw", "VlgxXMvKr24FMN914mvgTA", "Nu10ZKL4dobJGFfGqV4TVQ"];
const CODES = ["KQ3F-8H2M-0ZTA-7WVX", "W5JS-F1GQ-Q85D-NSWY"];
const TOKENS = ["pdt1-7662-7KCW-R1JN-308Y-0ARD-TPNQ-WF"];

/** Which stands for it in the page: the first that comes is the first there. */
function standIn(seen: string[], pages: readonly string[], told: string): string {
  if (!seen.includes(told)) seen.push(told);
  return pages[seen.indexOf(told)] ?? told;
}

function real(line: string, { server, env, seen }: Scene): string {
  const own = "PAD_AGENT_IDLE" in env ? `alice-${host()}` : ownName();
  let filled = line.replaceAll("$SERVER", `127.0.0.1:${server.port}`).replaceAll("alice-nas", own);
  for (const [pages, reals] of [
    [IDS, seen.ids],
    [CODES, seen.codes],
    [TOKENS, seen.tokens],
  ] as const) {
    for (const [nth, stands] of pages.entries()) filled = filled.replaceAll(stands, reals[nth] ?? stands);
  }
  return filled;
}

/** The name that a script has here: whoever runs the tests, on whatever machine. */
function ownName(): string {
  return `${userInfo().username}-${host()}`;
}

function host(): string {
  return hostname().split(".")[0] ?? "";
}
