import { defineConfig, type OxlintOverride } from "oxlint";
import { folderLicences } from "./scripts/folders.ts";

const licences = folderLicences(import.meta.dirname);

/**
 * The compiler stops an import that a folder's tsconfig.json does not list, but lets through what a listed folder
 * itself may import. These rules, computed from the same files, stop that too.
 */
const importRules = [...licences].map(([folder, allowed]): OxlintOverride => ({
  files: [`src/${folder}/**/*.ts`],
  // A folder within it has a licence of its own.
  excludeFiles: [
    "**/*.test.ts",
    ...[...licences.keys()].filter((other) => other.startsWith(`${folder}/`)).map((other) => `src/${other}/**`),
  ],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [...licences.keys()]
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => ({
            // A folder within it may be allowed by itself.
            group: [
              `**/${other}/**`,
              ...allowed.filter((one) => one.startsWith(`${other}/`)).map((one) => `!**/${one}/**`),
            ],
            message: `src/${folder} may import ${allowed.length === 0 ? "nothing of ours" : allowed.join(", ")} (its tsconfig.json says so).`,
          })),
      },
    ],
  },
}));

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/consistent-type-imports": "error",
    eqeqeq: "error",
    // The compiler knows better: every switch over a union is checked to be exhaustive.
    "typescript/consistent-return": "off",
    // Commands of one session, pages of one listing: order is the point wherever we await in a loop.
    "no-await-in-loop": "off",
  },
  // glue.ts is wasm-bindgen's.
  ignorePatterns: ["dist", "node_modules", "coverage", "engine", "src/mls/module/glue.ts"],
  overrides: importRules,
});
