'use strict';
// Draws the charts of the page, and moves through the sheets of samples. Needs nothing but the page.
(() => {
  const data = JSON.parse(document.getElementById('chart-data').textContent);
  const figures = [];

  // What the reader has chosen; it outlives a reload of the page.
  const STORE = 'report ' + location.pathname;
  const state = Object.assign(
    {axis: 0, smooth: 0, zoom: null, log: {}, hidden: {}, reload: false, sheet: null, scale: 'auto', scroll: 0}, load());

  function load() {
    try {
      return JSON.parse(sessionStorage.getItem(STORE)) || {};
    } catch (e) {
      return {}; // Some browsers keep nothing for pages that are files.
    }
  }

  function save() {
    try {
      sessionStorage.setItem(STORE, JSON.stringify(state));
    } catch (e) {
      // Then a reload shows the page as at first.
    }
  }

  function html(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function svg(tag, attributes, text) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // Numbers

  function format(value) {
    if (value === 0) return '0';
    const size = Math.abs(value);
    if (size >= 1e7 || size < 1e-3) return value.toExponential(2).replace(/\.?0+e/, 'e');
    if (size >= 1000) return Math.round(value).toLocaleString('en');
    return String(Number(value.toPrecision(4)));
  }

  // Marks of a linear axis: 1, 2 or 5 times a power of ten apart.
  function linearTicks(low, high, most) {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough * 0.999) || 10 * power;
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  }

  // Marks of a logarithmic axis: powers of ten, and 2 and 5 times them where few would be seen.
  function logTicks(low, high, most) {
    const decades = Math.log10(high / low);
    if (decades < 0.7) return linearTicks(low, high, most);
    const every = Math.max(1, Math.ceil(decades / most));
    const factors = decades < most / 2 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      if (e % every) continue;
      for (const f of factors) {
        const tick = Number((f * 10 ** e).toPrecision(12));
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
    return ticks;
  }

  // Exponential average that starts as a plain mean: the first values do not linger.
  function smoothed(values, amount) {
    let mean = 0;
    let weight = 0;
    return values.map(value => {
      if (value === null) return null;
      mean = amount * mean + (1 - amount) * value;
      weight = amount * weight + (1 - amount);
      return mean / weight;
    });
  }

  // Charts

  class Figure {
    constructor(element) {
      this.element = element;
      this.choices = element.dataset.charts.split(' ').map(Number);
      this.chosen = this.choices[0];
      element.textContent = '';
      this.title = html('h3');
      this.log = html('button', {type: 'button', onclick: () => this.toggleLog()}, 'log');
      element.append(html('div', {class: 'head'}, this.choices.length > 1 ? this.menu() : this.title, this.log));
      this.note = html('div', {class: 'note'});
      this.plot = html('div', {class: 'plot'});
      this.legend = html('div', {class: 'legend'});
      element.append(this.note, this.plot, this.legend);
      this.plot.addEventListener('pointerleave', () => this.leave());
    }

    menu() {
      const menu = html('select', {'aria-label': 'statistic', onchange: () => {
        this.chosen = this.choices[menu.selectedIndex];
        this.draw();
      }});
      for (const choice of this.choices) menu.append(html('option', {}, data.charts[choice].title));
      return html('label', {}, 'Any statistic', menu);
    }

    get spec() { return data.charts[this.chosen]; }
    get axis() { return Math.min(state.axis, this.spec.x.length - 1); }
    get logY() { return state.log[this.spec.title] ?? this.spec.logY; }

    toggleLog() {
      state.log[this.spec.title] = !this.logY;
      save();
      this.draw();
    }

    isShown(series) { return !(state.hidden[this.spec.title] || {})[series.name]; }

    toggle(series) {
      const hidden = state.hidden[this.spec.title] ||= {};
      if (hidden[series.name]) delete hidden[series.name];
      else hidden[series.name] = true;
      save();
      this.draw();
    }

    // Points of the curves that are shown, inside the zoomed part and one beyond each of its ends.
    curves() {
      const zoom = this.zoomed();
      return this.spec.series.filter(series => this.isShown(series)).map(series => {
        const xs = data.columns[series.x[this.axis]];
        const raw = data.columns[series.y];
        const ys = state.smooth > 0 ? smoothed(raw, state.smooth) : raw;
        const fits = (x, y) => x !== null && y !== null && (!this.spec.logX || x > 0) && (!this.logY || y > 0);
        const points = [];
        xs.forEach((x, i) => points.push(fits(x, ys[i]) ? {x, y: ys[i], raw: raw[i]} : null));
        if (!zoom) return {series, points};
        const inside = i => points[i] && points[i].x >= zoom[0] && points[i].x <= zoom[1];
        return {series, points: points.filter((p, i) => inside(i) || inside(i - 1) || inside(i + 1))};
      });
    }

    // The zoom holds for all charts with the same axes as the first.
    zoomed() {
      return state.zoom && state.zoom.name === this.spec.x[this.axis] ? state.zoom.range : null;
    }

    range(values, log) {
      let low = Math.min(...values);
      let high = Math.max(...values);
      if (!values.length) return log ? [0.1, 1] : [0, 1];
      if (low === high) {
        const by = log ? low / 2 : Math.abs(low) / 2 || 0.5;
        return log ? [low / 2, high * 2] : [low - by, high + by];
      }
      return [low, high];
    }

    scales(curves) {
      const zoom = this.zoomed();
      const points = curves.flatMap(curve => curve.points).filter(p => p);
      const xRange = zoom || this.range(points.map(p => p.x), this.spec.logX);
      const seen = points.filter(p => p.x >= xRange[0] && p.x <= xRange[1]);
      let [low, high] = this.range(seen.map(p => p.y), this.logY);
      if (this.logY) {
        const by = (high / low) ** 0.06;
        low /= by;
        high *= by;
      } else {
        // Zero is shown where it is near.
        const by = (high - low) * 0.06;
        low = low >= 0 && low < 0.35 * high ? 0 : low - by;
        high += by;
      }
      const place = (range, log, from, to) => {
        const f = log ? Math.log : v => v;
        const [a, b] = [f(range[0]), f(range[1])];
        return v => from + (f(v) - a) / (b - a || 1) * (to - from);
      };
      return {
        xRange, yRange: [low, high],
        x: place(xRange, this.spec.logX, this.left, this.width - 10),
        y: place([low, high], this.logY, this.height - 38, 8),
      };
    }

    draw() {
      const {spec} = this;
      this.title.textContent = spec.title;
      this.note.textContent = spec.note;
      this.log.setAttribute('aria-pressed', this.logY);
      this.log.title = 'vertical axis on a log scale';
      this.width = Math.max(240, this.plot.clientWidth);
      this.height = this.width < 480 ? 230 : 280;
      this.left = 68;
      const curves = this.curves();
      const scales = this.scales(curves);
      this.drawn = {curves, scales};
      const picture = svg('svg', {height: this.height, viewBox: `0 0 ${this.width} ${this.height}`, role: 'img',
        'aria-label': `${spec.title}: ${spec.y} over ${spec.x[this.axis]}`});
      this.axes(picture, scales);
      const clip = 'clip' + figures.indexOf(this);
      const box = svg('clipPath', {id: clip});
      box.append(svg('rect', {x: this.left - 3, y: 0, width: this.width - 4 - this.left, height: this.height - 35}));
      picture.append(box);
      for (const curve of curves) {
        if (state.smooth > 0) this.line(picture, curve, scales, 'raw', clip);
        this.line(picture, curve, scales, 'y', clip);
      }
      this.listen(picture);
      this.plot.replaceChildren(picture);
      this.tip = html('div', {class: 'tip', hidden: ''});
      this.plot.append(this.tip);
      this.picture = picture;
      this.names();
    }

    axes(picture, scales) {
      const {spec} = this;
      const bottom = this.height - 38;
      const marks = (range, log, most) => (log ? logTicks : linearTicks)(range[0], range[1], most);
      for (const tick of marks(scales.yRange, this.logY, 6)) {
        const y = scales.y(tick);
        picture.append(svg('line', {class: 'gridline', x1: this.left, x2: this.width - 10, y1: y, y2: y}));
        picture.append(svg('text', {x: this.left - 6, y: y + 4, 'text-anchor': 'end'}, format(tick)));
      }
      for (const tick of marks(scales.xRange, spec.logX, Math.max(4, Math.floor(this.width / 90)))) {
        const x = scales.x(tick);
        picture.append(svg('line', {class: 'gridline', x1: x, x2: x, y1: 8, y2: bottom}));
        picture.append(svg('text', {x, y: bottom + 16, 'text-anchor': 'middle'}, format(tick)));
      }
      picture.append(svg('text', {x: (this.left + this.width) / 2, y: this.height - 4, 'text-anchor': 'middle'}, spec.x[this.axis]));
      const middle = bottom / 2;
      picture.append(svg('text', {x: 12, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 12 ${middle})`}, spec.y));
    }

    // A tick without a number, such as one in which no patch of a size was drawn, does not break a curve.
    line(picture, curve, scales, which, clip) {
      const points = curve.points.filter(p => p && (which === 'y' || !this.logY || p.raw > 0));
      if (!points.length) return;
      const places = points.map(p => `${scales.x(p.x).toFixed(1)} ${scales.y(p[which]).toFixed(1)}`);
      const path = (d, width) => picture.append(svg('path', {d, class: which === 'raw' ? 'raw' : '', 'clip-path': `url(#${clip})`,
        'stroke-linecap': 'round', 'stroke-dasharray': curve.series.dashed && !width ? '6 5' : 'none',
        style: `stroke:${colour(curve.series)};${width ? `stroke-width:${width}` : ''}`}));
      path('M' + places.join('L'));
      if (points.length <= 30) path(places.map(place => `M${place}h.01`).join(''), 5);
    }

    names() {
      const {series} = this.spec;
      this.legend.replaceChildren(...(series.length === 1 && !series[0].name ? [] : series.map(one =>
        html('button', {type: 'button', 'aria-pressed': this.isShown(one), onclick: () => this.toggle(one)},
          html('span', {class: 'swatch' + (one.dashed ? ' dashed' : ''), style: `border-color:${colour(one)}`}), one.name))));
    }

    // The pointer: readout, and a part to zoom into

    listen(picture) {
      picture.addEventListener('pointerdown', event => {
        this.from = this.at(event);
        picture.setPointerCapture(event.pointerId);
        this.hover(event);
      });
      picture.addEventListener('pointermove', event => {
        if (this.from === undefined) {
          this.hover(event);
          return;
        }
        const to = this.at(event);
        this.mark ||= picture.appendChild(svg('rect', {class: 'zoom', y: 8, height: this.height - 46}));
        this.mark.setAttribute('x', Math.min(this.from, to));
        this.mark.setAttribute('width', Math.abs(to - this.from));
        this.hover(event);
      });
      picture.addEventListener('pointerup', event => this.zoom(this.from, this.at(event)));
      picture.addEventListener('pointercancel', () => this.zoom());
      picture.addEventListener('dblclick', () => zoomTo(null));
    }

    at(event) {
      const box = this.picture.getBoundingClientRect();
      const x = (event.clientX - box.left) * this.width / box.width;
      return Math.max(this.left, Math.min(this.width - 10, x));
    }

    zoom(from, to) {
      this.mark?.remove();
      this.mark = this.from = undefined;
      if (from === undefined || Math.abs(to - from) < 8) return;
      const ends = [from, to].sort((a, b) => a - b).map(x => this.value(x));
      zoomTo({name: this.spec.x[this.axis], range: ends});
    }

    // The number at a place of the horizontal axis.
    value(place) {
      const [low, high] = this.drawn.scales.xRange;
      const part = (place - this.left) / (this.width - 10 - this.left);
      return this.spec.logX ? low * (high / low) ** part : low + part * (high - low);
    }

    leave() {
      this.tip.hidden = true;
      this.cursor?.remove();
    }

    hover(event) {
      const place = this.at(event);
      const {curves, scales} = this.drawn;
      let nearest = null;
      for (const {points} of curves) {
        for (const p of points) {
          if (p && (nearest === null || Math.abs(scales.x(p.x) - place) < Math.abs(scales.x(nearest) - place))) nearest = p.x;
        }
      }
      this.leave();
      if (nearest === null) return;
      const x = scales.x(nearest);
      this.cursor = this.picture.appendChild(svg('line', {class: 'cursor', x1: x, x2: x, y1: 8, y2: this.height - 38}));
      const rows = [html('div', {}, `${format(nearest)} ${this.spec.x[this.axis]}`)];
      for (const {series, points} of curves) {
        // Runs have ticks at different places: the nearest of each, if it is near.
        const near = points.filter(p => p).reduce((a, p) => !a || Math.abs(p.x - nearest) < Math.abs(a.x - nearest) ? p : a, null);
        if (near && Math.abs(scales.x(near.x) - x) < 12) {
          rows.push(html('div', {}, html('span', {class: 'swatch', style: `border-color:${colour(series)}`}),
            `${series.name ? series.name + ': ' : ''}${format(near.y)}${state.smooth > 0 ? ` (${format(near.raw)})` : ''}`));
        }
      }
      this.tip.replaceChildren(...rows);
      this.tip.hidden = false;
      const right = x > this.width / 2;
      this.tip.style.left = right ? 'auto' : `${x + 10}px`;
      this.tip.style.right = right ? `${this.width - x + 10}px` : 'auto';
    }
  }

  function colour(series) {
    return `var(--c${series.colour % 10})`;
  }

  function zoomTo(zoom) {
    state.zoom = zoom;
    save();
    drawAll();
  }

  function drawAll() {
    for (const figure of figures) figure.draw();
    const reset = document.getElementById('reset');
    if (reset) reset.disabled = !state.zoom;
  }

  // Controls of all charts

  function tools(place) {
    const axes = data.charts.length ? data.charts[0].x : [];
    if (axes.length) {
      const axis = html('select', {onchange: () => {
        state.axis = axis.selectedIndex;
        zoomTo(null);
      }});
      axes.forEach(name => axis.append(html('option', {}, name)));
      axis.selectedIndex = Math.min(state.axis, axes.length - 1);
      const smooth = html('input', {type: 'range', id: 'smooth', min: 0, max: 0.98, step: 0.01, value: state.smooth, oninput: () => {
        state.smooth = Number(smooth.value);
        save();
        drawAll();
      }});
      place.append(html('label', {}, 'Over', axis), html('label', {}, 'Smoothing', smooth),
        html('button', {type: 'button', id: 'reset', onclick: () => zoomTo(null)}, 'Reset zoom'));
    }
    if (place.dataset.live === 'true') reloading(place);
  }

  // While a run goes on, its page is written again and again.
  function reloading(place) {
    let timer;
    const box = html('input', {type: 'checkbox', onchange: () => {
      state.reload = box.checked;
      save();
      start();
    }});
    box.checked = state.reload;
    const start = () => {
      clearTimeout(timer);
      if (state.reload) {
        timer = setTimeout(() => {
          state.scroll = scrollY;
          save();
          location.reload();
        }, 30000);
      }
    };
    place.append(html('label', {}, box, 'load again every 30 s'));
    start();
  }

  // Samples

  function sheets(element) {
    const frames = [...element.querySelectorAll('figure.samples')].map(figure => ({
      images: [...figure.querySelectorAll('img')], output: figure.querySelector('output')}));
    const times = [...new Set(frames.flatMap(f => f.images.map(i => Number(i.dataset.images))))].sort((a, b) => a - b);
    const controls = element.querySelector('.controls');
    const images = [...element.querySelectorAll('img')];

    const scale = html('select', {id: 'scale', onchange: () => {
      state.scale = scale.value;
      save();
      enlarge();
    }});
    for (const name of ['auto', '1', '2', '3', '4', '6', '8']) {
      scale.append(html('option', {value: name}, name === 'auto' ? 'fitting' : `${name} ×`));
    }
    scale.value = state.scale;

    // Whole numbers of screen pixels for each pixel, unless the picture is wider than its place.
    function enlarge() {
      const density = window.devicePixelRatio || 1;
      for (const image of images) {
        const native = Number(image.getAttribute('width'));
        const place = image.closest('.frame').clientWidth - 2;
        let by = Number(scale.value);
        if (scale.value === 'auto') by = Math.min(8, Math.floor(place * density / native) / density) || place / native;
        image.style.width = `${native * by}px`;
        image.style.maxWidth = 'none';
        image.style.imageRendering = by < 1 ? 'auto' : '';
      }
    }

    function show(index) {
      for (const {images: all, output} of frames) {
        // The newest sheet of that time, or the first of a run that has none so early.
        const before = all.filter(image => Number(image.dataset.images) <= times[index]);
        const shown = before.length ? before[before.length - 1] : all[0];
        all.forEach(image => { image.hidden = image !== shown; });
        const kimg = Number(shown.dataset.images) / 1000;
        output.textContent = `after ${kimg > 0 ? format(kimg) : 'less than one'} thousand images`;
      }
    }

    if (times.length > 1) {
      const last = times.length - 1;
      const start = state.sheet === null ? last : Math.min(state.sheet, last);
      const slider = html('input', {type: 'range', id: 'sheet', 'aria-label': 'time of the samples', min: 0, max: last, value: start,
        oninput: () => {
          const at = Number(slider.value);
          // At its end the slider stays with the newest sheet.
          state.sheet = at === last ? null : at;
          save();
          show(at);
        }});
      let timer;
      const play = html('button', {type: 'button', onclick: () => {
        clearInterval(timer);
        let at = 0;
        timer = setInterval(() => {
          slider.value = at;
          slider.dispatchEvent(new Event('input'));
          if (at++ === last) clearInterval(timer);
        }, 400);
      }}, '▶ play');
      controls.append(slider, play);
      show(start);
    } else if (times.length) {
      show(0);
    }
    controls.append(html('label', {}, 'Size', scale));
    enlarge();
    window.addEventListener('resize', enlarge);
  }

  document.querySelectorAll('figure.chart').forEach(element => figures.push(new Figure(element)));
  const place = document.getElementById('tools');
  if (place) tools(place);
  drawAll();
  document.querySelectorAll('.sheets').forEach(sheets);
  let width = innerWidth;
  window.addEventListener('resize', () => {
    // On a phone the bar of the browser changes the height while one scrolls.
    if (innerWidth !== width) {
      width = innerWidth;
      drawAll();
    }
  });
  if (state.scroll) scrollTo(0, state.scroll);
  state.scroll = 0;
  save();
})();
