// Draws what a page tells in data-values; the same figures stand in a table beside it, so nothing is lost without it.
(function () {
  "use strict";
  const drawn = [];

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function options(kind, values) {
    const text = colour("--oa-quiet") || "#5b6573";
    const line = colour("--oa-line") || "#e2e6eb";
    const names = { type: "category", data: values.labels, axisLabel: { color: text }, axisLine: { lineStyle: { color: line } } };
    const figures = { type: "value", name: values.unit, minInterval: values.series.every((one) => one.values.every(Number.isInteger)) ? 1 : 0, nameTextStyle: { color: text }, axisLabel: { color: text }, splitLine: { lineStyle: { color: line } } };
    const across = kind === "bars";
    if (across) { names.inverse = true; names.axisLabel.width = 110; names.axisLabel.overflow = "truncate"; }
    return {
      animation: false,
      color: [colour("--oa-blue") || "#1f5fa8", colour("--oa-amber") || "#8a5300"],
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { top: 0, textStyle: { color: text } },
      grid: { left: 8, right: 56, top: 36, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis", confine: true, valueFormatter: (v) => `${v} ${values.unit}` },
      xAxis: across ? { ...figures, nameLocation: "end" } : names,
      yAxis: across ? names : figures,
      series: values.series.map((one, number) => ({
        name: one.name, data: one.values, clip: false, animation: false, animationDuration: 0, type: across ? "bar" : "line", barMaxWidth: 18,
        symbol: number ? "rect" : "circle", showSymbol: values.labels.length < 30, lineStyle: { type: number ? "dashed" : "solid" },
        itemStyle: across && number ? { decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 4, color: "rgba(255,255,255,.35)" } } : {},
      })),
    };
  }

  function draw(box) {
    const values = JSON.parse(box.dataset.values || "{}");
    if (!values.labels?.length) { box.hidden = true; return; }
    box.style.transition = "none"; // else the picture is drawn in the size the box still has
    if (box.dataset.chart === "bars") { box.style.height = `${Math.max(160, values.labels.length * 52 + 60)}px`; }
    const chart = window.echarts.init(box, null, { renderer: "svg" });
    chart.setOption(options(box.dataset.chart, values));
    drawn.push([box, chart, values]);
  }

  function start() {
    const boxes = document.querySelectorAll("[data-chart]");
    if (!window.echarts) { boxes.forEach((box) => { box.hidden = true; }); return; }
    boxes.forEach(draw);
    new ResizeObserver(() => drawn.forEach(([, chart]) => chart.resize())).observe(document.body);
    // another look, other colours
    new MutationObserver(() => drawn.forEach(([box, chart, values]) => chart.setOption(options(box.dataset.chart, values))))
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme", "class"] });
  }
  start();
})();
