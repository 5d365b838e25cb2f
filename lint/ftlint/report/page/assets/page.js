"use strict";
// Draws the charts that the page holds as data. Text reaches the page as text alone.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const root = document.documentElement;
  const drawn = new Map();
  const HUES = 8;
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const TONES = { good: "--good", warn: "--warn", bad: "--bad", soft: "--faint" };
  const SHADES = { "": "--shade", soft: "--shade", warn: "--shade-warn", bad: "--shade-bad",
    good: "--shade-good" };

  function shown(value) {
    if (value == null) return "";
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    return String(Number(value.toPrecision(4)));
  }

  // Piled series are drawn from the tallest pile down, each over the foot of the one before.
  function arranged(chart) {
    const piles = [];
    let below = chart.x.map(() => 0);
    const plain = [];
    chart.series.forEach((series, number) => {
      const tint = TONES[series.tone] || `--hue-${number % HUES}`;
      if (series.kind === "stack") {
        below = below.map((foot, at) => foot + (series.values[at] || 0));
        piles.unshift({ ...series, tint, heights: below });
      } else {
        plain.push({ ...series, tint, heights: series.values });
      }
    });
    return [...piles, ...plain];
  }

  function lineOf(series, many) {
    const stroke = () => colour(series.tint);
    const common = {
      label: series.name, stroke, width: 1.5,
      value: (_, __, ___, at) => (at == null ? "" : told(series, at)),
    };
    if (series.kind === "bars" || series.kind === "stack") {
      return { ...common, fill: stroke, width: 0, points: { show: false },
        paths: uPlot.paths.bars({ size: [many ? 1 : 0.7, 48] }) };
    }
    if (series.kind === "points") {
      return { ...common, paths: () => null, points: { show: true, size: 7, fill: stroke } };
    }
    if (series.kind === "range") {
      return { ...common, paths: () => null, points: { show: false } };
    }
    return { ...common, spanGaps: true, points: { show: !many, size: 4, fill: stroke } };
  }

  function told(series, at) {
    if (series.upper) return `${shown(series.values[at])} – ${shown(series.upper[at])}`;
    return shown(series.values[at]);
  }

  function shade(plot, chart) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const [start, end, tone] of chart.spans) {
      const from = plot.valToPos(start, "x", true);
      ctx.fillStyle = colour(SHADES[tone]);
      ctx.fillRect(from, bbox.top, Math.max(1, plot.valToPos(end, "x", true) - from), bbox.height);
    }
    ctx.restore();
  }

  // What no path of the library draws: ranges, and marks of values above the top.
  function overlay(plot, chart, series) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top - 8 * ratio, bbox.width, bbox.height + 8 * ratio);
    ctx.clip();
    series.forEach((one, number) => {
      if (!plot.series[number + 1].show) return;
      ctx.fillStyle = ctx.strokeStyle = colour(one.tint);
      chart.x.forEach((x, at) => {
        const value = one.heights[at];
        if (value == null) return;
        const left = plot.valToPos(x, "x", true);
        if (one.upper && one.upper[at] != null) {
          ctx.lineWidth = 3 * ratio;
          ctx.beginPath();
          ctx.moveTo(left, plot.valToPos(value, "y", true));
          ctx.lineTo(left, plot.valToPos(one.upper[at], "y", true));
          ctx.stroke();
        } else if (chart.top != null && value > chart.top) {
          ctx.beginPath();
          ctx.moveTo(left - 4 * ratio, bbox.top + 7 * ratio);
          ctx.lineTo(left + 4 * ratio, bbox.top + 7 * ratio);
          ctx.lineTo(left, bbox.top);
          ctx.fill();
        }
      });
    });
    ctx.restore();
  }

  function heights(chart, series) {
    return (_, low, high) => {
      if (!chart.fromZero && low != null) {
        const most = chart.top == null ? high : Math.min(high, chart.top);
        const room = (most - low || Math.abs(most) || 1) * 0.06;
        return [low - room, most + room];
      }
      if (chart.top != null) return [0, chart.top];
      let most = high == null ? 1 : high;
      let least = low == null ? 0 : low;
      for (const one of series) {
        if (one.upper) most = Math.max(most, ...one.upper.filter((value) => value != null));
      }
      least = Math.min(0, least);
      most = Math.max(0, most);
      const room = (most - least || 1) * 0.06;
      return [least < 0 ? least - room : 0, most > 0 ? most + room : 0];
    };
  }

  function options(chart, series, width, home, button) {
    const axis = () => ({
      stroke: () => colour("--faint"), font: "11px system-ui, sans-serif",
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { stroke: () => colour("--line"), width: 1, size: 4 },
    });
    const named = chart.labels.length > 0;
    const placed = (value) => (named ? chart.labels[chart.x.indexOf(value)] || "" : shown(value));
    return {
      width, height: chart.height, legend: { live: true },
      scales: { x: { time: false, range: (_, low, high) => (low == null ? home : [low, high]) },
        y: { range: heights(chart, series) } },
      axes: [
        { ...axis(), size: 26, gap: 3,
          incrs: named ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : undefined,
          values: (_, splits) => splits.map((one) =>
            (named ? (Number.isInteger(one) && placed(one) ? String(one) : "") : shown(one))) },
        { ...axis(), gap: 4, values: (_, splits) => splits.map(shown),
          size: (_, values) => 16 + 6.4 * Math.max(2, ...(values || []).map((one) => one.length)) },
      ],
      series: [
        { label: chart.namedX, value: (_, value) => (value == null ? "" : placed(value)) },
        ...series.map((one) => lineOf(one, chart.x.length > 60)),
      ],
      cursor: { drag: { x: true, y: false }, points: { size: 7 },
        sync: chart.together ? { key: chart.together } : undefined },
      hooks: {
        drawClear: [(plot) => shade(plot, chart)],
        draw: [(plot) => overlay(plot, chart, series)],
        setScale: [(plot, key) => {
          if (key !== "x") return;
          const { min, max } = plot.scales.x;
          button.hidden = min <= home[0] && max >= home[1];
        }],
      },
    };
  }

  function reach(chart, series) {
    const low = chart.x[0], high = chart.x[chart.x.length - 1];
    const bars = chart.labels.length > 0 || series.some((one) =>
      one.kind === "bars" || one.kind === "stack");
    const room = bars ? 0.6 : (high - low || 1) * 0.01;
    return [low - room, high + room];
  }

  function together(chart, act) {
    for (const [place, plot] of drawn) {
      const other = charts[place.dataset.chart];
      if (other === chart || (chart.together && other.together === chart.together)) act(plot, other);
    }
  }

  // Two fingers zoom; one scrolls the page as ever.
  function pinched(plot, chart, home) {
    let start = null;
    const spot = (event) => {
      const left = plot.over.getBoundingClientRect().left;
      const [one, two] = [...event.touches].map((touch) => touch.clientX - left);
      return [Math.min(one, two), Math.max(one, two)];
    };
    plot.over.addEventListener("touchstart", (event) => {
      if (event.touches.length !== 2) return;
      start = spot(event).map((at) => plot.posToVal(at, "x"));
    }, { passive: true });
    plot.over.addEventListener("touchmove", (event) => {
      if (!start || event.touches.length !== 2) return;
      event.preventDefault();
      const [one, two] = spot(event);
      const width = plot.over.clientWidth;
      const each = (start[1] - start[0]) / Math.max(10, two - one);
      const min = Math.max(home[0], start[0] - one * each);
      const max = Math.min(home[1], start[0] + (width - one) * each);
      together(chart, (other) => other.setScale("x", { min, max }));
    }, { passive: false });
    plot.over.addEventListener("touchend", () => { start = null; }, { passive: true });
  }

  function draw(place) {
    const chart = charts[place.dataset.chart];
    const width = Math.floor(place.clientWidth);
    if (!width) return;
    const before = drawn.get(place);
    if (before) before.destroy();
    const series = arranged(chart);
    const home = reach(chart, series);
    const caption = place.parentElement.querySelector("figcaption");
    let button = caption.querySelector(".reset");
    if (!button) {
      button = document.createElement("button");
      button.className = "reset";
      button.type = "button";
      button.textContent = "Reset zoom";
      caption.prepend(button);
    }
    button.hidden = true;
    button.onclick = () => together(chart, (plot, other) => {
      const [min, max] = reach(other, arranged(other));
      plot.setScale("x", { min, max });
    });
    const data = [chart.x, ...series.map((one) => one.heights)];
    const plot = new uPlot(options(chart, series, width, home, button), data, place);
    plot.setScale("x", { min: home[0], max: home[1] });
    plot.over.addEventListener("dblclick", () => setTimeout(button.onclick));
    pinched(plot, chart, home);
    drawn.set(place, plot);
  }

  const places = [...document.querySelectorAll("[data-chart]")];
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
  }, { rootMargin: "800px" });
  places.forEach((place) => near.observe(place));

  let width = root.clientWidth;
  addEventListener("resize", () => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    for (const place of drawn.keys()) draw(place);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const plot of drawn.values()) plot.redraw(false);
  });

  function openTo(name) {
    const section = name && document.getElementById(decodeURIComponent(name));
    const folded = section && section.querySelector("details");
    if (folded) folded.open = true;
    if (section) section.scrollIntoView();
  }
  addEventListener("hashchange", () => openTo(location.hash.slice(1)));
  openTo(location.hash.slice(1));

  // On paper: light, everything open, and no wider than the sheet.
  addEventListener("beforeprint", () => {
    root.dataset.print = "yes";
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.opened = "yes";
    }
    for (const place of places) {
      place.style.width = "660px";
      draw(place);
    }
  });
  addEventListener("afterprint", () => {
    delete root.dataset.print;
    for (const one of document.querySelectorAll("details[data-opened]")) {
      one.open = false;
      delete one.dataset.opened;
    }
    for (const place of places) {
      place.style.width = "";
      if (drawn.has(place)) draw(place);
    }
  });
})();
