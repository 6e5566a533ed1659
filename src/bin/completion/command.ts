import { defineCommand, type Command } from "../../args/command.ts";
import { EXIT } from "../../args/exit-codes.ts";
import type { CommandSpec } from "../../args/spec.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const SHELLS: ReadonlyMap<string, (specs: readonly CommandSpec[]) => string> = new Map([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
]);

/** `padserve completion`: what a shell must read to complete the sub-commands and their options. */
export function completionCommand(specs: () => Promise<readonly CommandSpec[]>): Command {
  return defineCommand(
    {
      name: "completion",
      program: "pad",
      summary: "Print what makes a shell complete the commands pad and padserve.",
      words: "bash|zsh|fish",
      minWords: 1,
      maxWords: 1,
      options: {},
      examples: [
        ["pad completion bash > ~/.local/share/bash-completion/completions/pad", "and link padserve beside it to pad"],
        ["pad completion zsh > ~/.zfunc/_pad", "with ~/.zfunc in fpath, before compinit"],
        ["pad completion fish > ~/.config/fish/completions/pad.fish", "and link padserve.fish beside it to pad.fish"],
      ],
    },
    async ({ words: [shell = ""], context: { stdout, stderr } }) => {
      const write = SHELLS.get(shell);
      if (write === undefined) {
        stderr.write(`pad completion: ${JSON.stringify(shell)} is none of ${[...SHELLS.keys()].join(", ")}\n`);
        return EXIT.wrongUse;
      }
      stdout.write(write(await specs()));
      return EXIT.done;
    },
  );
}
