// The one rule of the house: arrows point down. Each room lists the rooms it may look into;
// type-only imports count (tsPreCompilationDeps), because a type is a dependency too.
const mayImport = {
  "lib/config": [],
  "lib/catalog": ["config"],
  "lib/performance": ["catalog", "config"],
  "lib/strategy": ["performance", "catalog", "config"],
  "lib/serving": ["strategy", "performance", "catalog", "config"],
  "lib/report": ["serving", "strategy", "performance", "catalog", "config"],
  "lib/library": ["report", "serving", "strategy", "performance", "catalog", "config"],
  "lib/cli": ["library", "report", "serving", "strategy", "performance", "catalog", "config"],
};

const arrows = Object.entries(mayImport).map(([room, below]) => ({
  name: `arrows-point-down:${room}`,
  comment: `${room} may look only into: ${below.join(", ") || "nothing"}`,
  severity: "error",
  from: { path: `^${room}/` },
  to: { path: "^lib/", pathNot: `^lib/(${[room.slice(4), ...below].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: "lib-is-pure",
      comment: "lib is publishable without the infrastructure: no Pulumi, nothing from the rooms above",
      severity: "error",
      from: { path: "^lib/" },
      to: { path: "^(infra|rehearsal|bench|test)/|node_modules/@pulumi/" },
    },
    {
      name: "rooms-by-the-door",
      comment: "another room is entered through its index, never past it",
      severity: "error",
      from: { path: "^lib/([^/]+)/" },
      to: { path: "^lib/([^/]+)/", pathNot: "^lib/$1/|^lib/[^/]+/index\\.ts$" },
    },
    {
      name: "infra-stands-alone",
      comment: "nothing of the rehearsal, the benchmarks or the tests leaks into the product",
      severity: "error",
      from: { path: "^infra/" },
      to: { path: "^(rehearsal|bench|test)/" },
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-rings-of-folders",
      comment: "folders inside a room point down as well; what several of them share lies in the room itself",
      severity: "error",
      scope: "folder",
      from: { path: "^lib/[^/]+/[^/]+$" },
      to: { circular: true, viaOnly: { path: "^lib/[^/]+/[^/]+$" } },
    },
    {
      name: "no-rings-of-folders-in-infra",
      severity: "error",
      scope: "folder",
      from: { path: "^infra/[^/]+$" },
      to: { circular: true, viaOnly: { path: "^infra/[^/]+$" } },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "node_modules/(?!@pulumi/)" },
  },
};
