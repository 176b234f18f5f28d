/** The colours by the reader's setting, for pages and for drawings that stand alone. */
export const PAGE_COLORS = `
:root { color-scheme: light dark;
  --page: #ffffff; --card: #f4f6f8; --line: #d3d9df; --ink: #1a2129; --quiet: #525d69; --accent: #b3362b;
  --good: #176b3a; --warn: #8a5200; --bad: #b3261e; --on-part: #ffffff; --link: #0b57a4;
  --part-0: #1f5fa8; --part-1: #b8501a; --part-2: #6b4fa0; --part-3: #1d7564; --part-4: #6b7682;
  --part-5: #a0427a; --part-6: #736312; --part-7: #3f4a55; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #14181d; --card: #1d232a; --line: #37414c; --ink: #e6eaee; --quiet: #a7b1bc; --accent: #ff8a7a;
  --good: #6fd39a; --warn: #f0b35a; --bad: #ff8f86; --on-part: #10141a; --link: #8cc1ff;
  --part-0: #6ea8e8; --part-1: #f0985a; --part-2: #b39ae6; --part-3: #57c2a9; --part-4: #8894a1;
  --part-5: #e28cbe; --part-6: #cbb75a; --part-7: #b7c2cd; } }
`.trim();

/**
 * Style of the page: light and dark by the reader's setting, phone to print. Colours are variables, so that drawings
 * follow the theme. Text reaches contrast 4.5 : 1 and parts of drawings 3 : 1 against the page in both themes.
 */
export const PAGE_STYLE = `
${PAGE_COLORS}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main, header.page, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header.page { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.25rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .35rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--link); } a.word { color: inherit; text-decoration: underline dotted; text-underline-offset: .15em; }
:target { background: var(--card); outline: 2px solid var(--link); }
.quiet { color: var(--quiet); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.strong { font-weight: 600; }
.verdict { border-left: .35rem solid currentColor; background: var(--card); padding: .75rem 1rem; margin: 1rem 0;
  font-weight: 600; border-radius: 0 .4rem .4rem 0; max-width: none; }
.highlights { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; }
.highlights div { background: var(--card); border-radius: .4rem; padding: .65rem .8rem; }
.highlights dt { color: var(--quiet); font-size: .85rem; }
.highlights dd { margin: .1rem 0 0; font-size: 1.3rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.highlights dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--quiet); }
.highlights .fails { box-shadow: inset .3rem 0 0 var(--bad); } .highlights .fails dd { color: var(--bad); }
.fold { border-top: 3px solid var(--line); margin: 3.5rem 0 -1rem; padding-top: .75rem; color: var(--quiet); font-weight: 600; max-width: none; }
pre { position: relative; } pre button { position: absolute; top: .4rem; right: .4rem; font: .8rem system-ui, sans-serif;
  color: var(--link); background: var(--page); border: 1px solid var(--line); border-radius: .3rem; padding: .15rem .5rem; cursor: pointer; }
.up { position: sticky; bottom: 1rem; display: block; width: fit-content; margin: 1rem 0 0 auto; padding: .35rem .7rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; font-size: .9rem; }
nav ol { columns: 10.5rem; column-gap: 1.5rem; padding: 0; margin: .75rem 0; list-style: none; font-size: .95rem; }
nav li { padding: .12rem 0; break-inside: avoid; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; margin: .5rem 0; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .34rem .7rem .34rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 600; font-size: .86rem; vertical-align: bottom; }
tbody th { font-weight: 400; }
.right { text-align: right; padding-left: .7rem; }
td.right, td.mark { white-space: nowrap; } td.long { white-space: normal; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .92em; }
li, .facts td.value { overflow-wrap: anywhere; }
.facts th { width: 42%; } .facts td.value { font-weight: 600; }
.facts td.value small { display: block; font-weight: 400; color: var(--quiet); }
.cite { white-space: nowrap; text-align: right; padding-right: 0; }
.cite, .sources { font-size: .84rem; color: var(--quiet); }
pre { background: var(--card); padding: .8rem 1rem; border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font: .88rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; margin: .35rem 0 1rem; }
figure { margin: 1.25rem 0; }
figcaption { font-weight: 600; }
figcaption p { font-weight: 400; color: var(--quiet); margin: .15rem 0 .5rem; }
.plot { display: block; max-width: 100%; height: auto; color: var(--quiet); overflow: visible; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 0 1.5rem; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin: .4rem 0; list-style: none; font-size: .9rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin-right: .4rem; }
details { margin: .4rem 0; } summary { cursor: pointer; color: var(--link); font-size: .92rem; width: fit-content; }
.bar { display: flex; height: 2.2rem; background: var(--card); border: 1px solid var(--line); position: relative; margin: 1.9rem 0 .3rem; }
.bar span { display: block; height: 100%; min-width: 1px; }
.bar b { position: absolute; top: -.35rem; bottom: -.35rem; border-left: 2px dashed var(--bad); }
.bar em { position: absolute; top: -1.75rem; font-style: normal; font-size: .85rem; color: var(--bad); white-space: nowrap; }
.stage { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem .8rem; margin: .75rem 0; }
.stage p { margin: 0 0 .5rem; font-weight: 600; }
.gpus { display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); gap: .5rem; padding: 0; margin: 0; list-style: none; }
.gpus li { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .4rem; text-align: center; font-size: .9rem; }
.gpus small { display: block; color: var(--quiet); }
.formula td, .formula th { font-size: .86rem; overflow-wrap: anywhere; }
footer { padding-bottom: 3rem; margin-top: 2rem; color: var(--quiet); font-size: .9rem; }
.unseen, .stack .unseen { position: absolute; width: 1px; height: 1px; padding: 0; overflow: hidden; clip-path: inset(50%); }
@media screen and (min-width: 79rem) {
  main, header.page, footer { position: relative; left: 6.5rem; } .up { display: none; }
  nav { position: fixed; top: 1.5rem; left: max(1rem, calc(50vw - 37.5rem)); width: 12rem; max-height: calc(100vh - 3rem); overflow-y: auto; }
  nav ol { columns: 1; margin: 0; font-size: .86rem; } h2 { scroll-margin-top: 1rem; }
}
@media (max-width: 42rem) {
  body { font-size: 15px; } h1 { font-size: 1.4rem; } .wide { display: none; } .narrow { display: block; }
  main, header.page, footer { padding-left: .9rem; padding-right: .9rem; }
  .highlights { grid-template-columns: 1fr 1fr; } .highlights div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .scroll table { font-size: .82rem; } .scroll th, .scroll td { padding-right: .45rem; } .scroll .right { padding-left: .3rem; }
  .facts tr, .stack tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
  .facts :is(th, td), .stack :is(th, td) { border: 0; padding: 0; }
  .facts tr { display: grid; grid-template-columns: 43% minmax(0, 1fr); column-gap: .7rem; } .facts th { width: auto; grid-row: span 2; }
  .facts .cite { grid-column: 2; text-align: left; } .facts .cite:empty { display: none; }
  .stack, .stack caption, .stack tbody, .stack tr, .stack tbody th { display: block; }
  .stack thead { display: block; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack tbody th { font-weight: 600; text-align: left; padding-bottom: .1rem; }
  .stack td, .stack tbody th { overflow-wrap: anywhere; }
  .stack td { display: flow-root; padding-left: 45%; text-align: left; white-space: normal; }
  .stack td::before { content: attr(data-title); float: left; width: 80%; margin-left: -82%; color: var(--quiet); font-weight: 400; } .stack td.none { display: none; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --quiet: #444; --line: #bbb; --link: #000; }
  .bar, .legend i, .plot { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; } nav, summary, .up, pre button { display: none; } a.word { text-decoration: none; } h2, h3, figcaption, caption, thead { break-after: avoid; }
  figure, tr, li, .stage, pre, .verdict, .highlights { break-inside: avoid; } thead { display: table-header-group; }
  :is(tbody tr, li):nth-child(-n+2) { break-before: avoid; } :is(tbody tr, li):nth-last-child(-n+2) { break-before: avoid; }
  .fold-away::details-content { content-visibility: visible; height: auto; } .fold-away summary { display: block; list-style: none; color: var(--ink); font-weight: 600; break-after: avoid; }
  p { orphans: 3; widows: 3; } section > :first-child + * { break-before: avoid; }
  .highlights { grid-template-columns: repeat(5, 1fr); gap: .4rem; } .highlights div { padding: .3rem .4rem .3rem 0; } .highlights dd { font-size: 1.1rem; }
  .highlights .fails { box-shadow: none; } .pair { grid-template-columns: 1fr 1fr; }
  section:has(> details:not(.fold-away, [open])) { display: none; }
  pre { border: 1px solid var(--line); } footer { padding-bottom: 0; break-before: avoid; }
}
`.trim();
