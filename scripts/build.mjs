/** Bundles the command line into dist/shardplan.cjs: starts in a tenth of a second and needs no other package. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const bundle = join(root, "dist", "shardplan.cjs");

/** What the bundle is made of; a folder's time changes when a file in it comes or goes. */
const SOURCES = ["lib", "package-lock.json", "scripts/build.mjs"];

/** What few commands need and large libraries are in: plots, and pages for Grafana. Each gets a file of its own, read on demand. */
const APART = ["lib/report/html/render-html", "lib/serving/monitoring/grafana-page"];
const fileOf = (entry) => `${basename(entry)}.cjs`;

const apart = {
  name: "apart",
  setup(build) {
    for (const entry of APART) {
      build.onResolve({ filter: new RegExp(`^\\./(.*/)?${basename(entry)}$`) }, () => ({
        path: `./${fileOf(entry)}`,
        external: true,
      }));
    }
  },
};

/** zod carries its messages in fifty languages; errors here are our own. */
const englishOnly = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.c?js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** Makes the bundle anew if a source is newer. */
export async function buildIfStale() {
  const built = statSync(bundle, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (SOURCES.some((source) => newest(join(root, source)) > built)) await build();
}

/** Makes the bundle and puts the kernel tables beside it. Several builds at once do not disturb each other. */
export async function build(more = {}) {
  const folder = dirname(bundle);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "lib/performance/kernels/tables"), join(folder, "tables"), { recursive: true });
  const apart = APART.map((entry) => [fileOf(entry), `${entry}.ts`]);
  const files = [];
  for (const [name, entry] of [["shardplan.cjs", "lib/cli/main.ts"], ...apart, ...Object.entries(more)])
    files.push(...(await bundleFile(entry, join(folder, name))));
  writeWhole(join(folder, "THIRD-PARTY-LICENSES.txt"), licencesOf(files));
}

/** Makes what the published package has beyond the command line, too. */
export async function buildLibrary() {
  const folder = join(dirname(bundle), "infra");
  for (const path of ["steps", "programs", "locks", "aws/publish-host-key.sh"])
    cpSync(join(root, "infra", path), join(folder, path), { recursive: true });
  await build({ "index.cjs": "lib/index.ts", "pulumi.cjs": "infra/components/index.ts" });
}

/** Bundles `entry`; the paths of all files that went into it. */
async function bundleFile(entry, outfile) {
  const esbuild = await import("esbuild");
  const temporary = `${outfile}.${process.pid}.tmp`;
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outfile: temporary,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify: true,
    // Names of classes are for programs that use the library; the command line makes a tenth of its time of them.
    keepNames: entry !== "lib/cli/main.ts",
    legalComments: "eof",
    metafile: true,
    // Pulumi is its user's; parts of ssh2 that are compiled are not needed.
    external: ["@pulumi/*", "*.node", "cpu-features"],
    logLevel: "warning",
    plugins: [apart, englishOnly],
  });
  renameSync(temporary, outfile);
  return Object.keys(metafile.inputs);
}

/** The licence of every package whose code is in the bundles: MIT, ISC and BSD ask for their text in each copy. */
function licencesOf(files) {
  const packages = new Set(
    files.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map(licenceOf)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function licenceOf(folder) {
  const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${folder} is bundled and has no licence file`);
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  return `${name}\n\n${readFileSync(join(root, folder, file), "utf8").trim()}\n`;
}

function writeWhole(path, text) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** Latest time of change of a file or of anything in a folder. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
