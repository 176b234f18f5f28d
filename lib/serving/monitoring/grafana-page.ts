import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { BAND, type Graph } from "./graph";

export interface GrafanaPage {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly graphs: readonly Graph[];
}

/** The Prometheus that the reader picks. */
const PROMETHEUS = { type: "prometheus", uid: `\${prometheus}` };
/** Grafana's grid has 24 columns: two graphs a row. */
const WIDTH = 12;
const HEIGHT = 8;

/** The model of a page as Grafana imports it. */
export function grafanaPage({ uid, title, tags, graphs }: GrafanaPage): Dashboard {
  const page = new DashboardBuilder(title)
    .uid(uid)
    .tags([...tags])
    .refresh("15s")
    .time({ from: "now-6h", to: "now" })
    .withVariable(new DatasourceVariableBuilder("prometheus").label("Prometheus").type("prometheus"));
  for (const graph of graphs) page.withPanel(panel(graph));
  return page.build();
}

function panel({ title, unit, lines }: Graph): PanelBuilder {
  const made = new PanelBuilder()
    .title(title)
    .unit(unit)
    .min(0)
    .span(WIDTH)
    .height(HEIGHT)
    .datasource(PROMETHEUS)
    .drawStyle(GraphDrawStyle.Line)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .overrideByName("target", [
      { id: "custom.lineStyle", value: { fill: "dash" } },
      { id: "color", value: { mode: "fixed", fixedColor: "red" } },
    ])
    // The band is what lies between its two lines.
    .overrideByName(BAND.high, [
      { id: "custom.fillBelowTo", value: BAND.low },
      { id: "custom.lineWidth", value: 0 },
    ])
    .overrideByName(BAND.low, [{ id: "custom.lineWidth", value: 0 }]);
  for (const [legend, expression] of Object.entries(lines)) {
    made.withTarget(new DataqueryBuilder().expr(expression).legendFormat(legend).datasource(PROMETHEUS));
  }
  return made;
}
