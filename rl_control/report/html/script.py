"""What a report's page does: values under the pointer, one zoom for all pictures, the film."""

from __future__ import annotations

from rl_control.report.html.series import HIGH, WIDE

SCRIPT = (
    f"const W = {WIDE}, H = {HIGH};"
    + r"""
(() => {
const $ = (what, from = document) => [...from.querySelectorAll(what)];
const add = (box, name) => {
  const made = box.appendChild(document.createElement('div'));
  made.className = name;
  return made;
};
const all = document.body.dataset.span.split(' ').map(Number), length = all[1] - all[0];
const plots = $('.plot .box').map(box => ({
  box, svg: $('svg', box)[0], cursor: add(box, 'cursor'), chosen: add(box, 'chosen'),
  words: $('.legend b', box.closest('.plot')), curves: null,
}));
const [clock, film, seek, play, now] = ['clock', 'film', 'seek', 'play', 'now']
  .map(id => document.getElementById(id));
const frames = film && JSON.parse(document.getElementById('frames').textContent);
const shown = '.line:not(.silent),.dots:not(.silent),.area:not(.silent)';
let view = [...all], at = null, playing = null;
const share = t => (t - view[0]) / (view[1] - view[0]);
const text = number => String(number).replace('-', '\u2212');

function nearest(list, x) {
  let low = 0, high = list.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] > x) high = middle; else low = middle;
  }
  return x - list[low] < list[high] - x ? low : high;
}
function points(path) {  // "Mx yl dx dy ..." for lines, there and back for areas; "Mx yh0" for dots
  const xs = [], ys = [], area = path.classList.contains('area');
  for (const part of path.getAttribute('d').split('M').slice(1)) {
    const n = part.match(/-?\d+/g).map(Number), x = [n[0]], y = [n[1]];
    for (let k = 2; part.includes('l') && k + 1 < n.length; k += 2) {
      x.push(x.at(-1) + n[k]);
      y.push(y.at(-1) + n[k + 1]);
    }
    for (let k = 0; k < (area ? x.length / 2 : x.length); k++) {
      xs.push(x[k]);
      ys.push(area ? H - (y[x.length - 1 - k] - y[k]) : y[k]);
    }
  }
  return {xs, ys};
}
function value(plot, y) {
  const [low, high, log] = plot.svg.dataset.scale.split(' ').map(Number), s = 1 - y / H;
  const found = log ? low * (high / low) ** s : low + s * (high - low);
  return Math.abs(found) < 1e-9 ? '0' : text(+found.toPrecision(plot.svg.dataset.digits));
}
function point(t) {
  at = t === null ? null : Math.min(Math.max(t, all[0]), all[1]);
  const x = at === null ? 0 : W * (at - all[0]) / length;
  for (const plot of plots) {
    const inside = at !== null && share(at) >= 0 && share(at) <= 1;
    plot.cursor.style.cssText = inside ? `display:block;left:${100 * share(at)}%` : '';
    if (inside) plot.curves ??= $(shown, plot.svg).map(points);
    plot.words.forEach((word, k) => {
      const curve = inside && plot.curves[k];
      const known = curve && curve.xs.length;
      word.textContent = known ? value(plot, curve.ys[nearest(curve.xs, x)]) : '';
    });
  }
  if (clock) clock.textContent = at === null ? '' : `${text(at.toFixed(3))} s`;
  if (film) {
    const moment = at ?? view[0];
    film.src = frames.images[nearest(frames.times, moment)];
    seek.value = moment;
    now.textContent = `${moment.toFixed(2)} s`;
  }
}
function zoom(from, to) {
  if (to - from > length / 5000) view = [Math.max(from, all[0]), Math.min(to, all[1])];
  const wide = W * (view[1] - view[0]) / length, left = W * (view[0] - all[0]) / length;
  for (const {svg} of plots) svg.setAttribute('viewBox', `${left} 0 ${wide} ${H}`);
  let end = -1e9;
  for (const word of $('[data-t]')) {
    const s = share(+word.dataset.t), x = s * word.parentNode.clientWidth;
    word.style.cssText = s < -1e-6 || s > 1 || x < end ? 'display:none' : `left:${100 * s}%`;
    if (!word.style.display) end = x + word.offsetWidth + 4;
  }
  const rough = (view[1] - view[0]) / 8, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(k => k * power >= rough);
  for (const box of $('.time .box')) {
    $('span', box).forEach(old => old.remove());
    for (let k = Math.ceil(view[0] / step - 1e-6); k * step <= view[1] + 1e-6 * step; k++) {
      const word = box.appendChild(document.createElement('span'));
      word.textContent = text(+(k * step).toPrecision(7));
      word.style.left = `${100 * share(k * step)}%`;
    }
  }
  point(at);
}
function stop() {
  if (playing) cancelAnimationFrame(playing);
  playing = null;
  if (play) play.textContent = '\u25b6';
}
for (const {box, svg} of plots) {
  let from = null;
  const time = event => {
    const edge = box.getBoundingClientRect();
    return view[0] + (view[1] - view[0]) * (event.clientX - edge.left) / edge.width;
  };
  const choose = t => {
    const [a, b] = [Math.min(from, t), Math.max(from, t)].map(share);
    const style = from === null ? '' : `display:block;left:${100 * a}%;width:${100 * (b - a)}%`;
    plots.forEach(({chosen}) => { chosen.style.cssText = style; });
    return b - a;
  };
  svg.addEventListener('pointerdown', event => {
    stop();
    from = time(event);
    svg.setPointerCapture(event.pointerId);
    point(from);
  });
  svg.addEventListener('pointermove', event => {
    if (!playing) point(time(event));
    if (from !== null) choose(time(event));
  });
  svg.addEventListener('pointerup', event => {
    const t = time(event), began = from, far = began !== null && choose(t) > 0.01;
    from = null;
    choose(t);
    if (far) zoom(Math.min(began, t), Math.max(began, t));
  });
  svg.addEventListener('pointercancel', () => { from = null; choose(0); });
  svg.addEventListener('pointerleave', () => { if (from === null && !playing) point(null); });
  svg.addEventListener('dblclick', () => zoom(...all));
}
for (const legend of $('.legend')) {  // a name under the pointer dims the other curves
  const curves = $(shown, legend.closest('.plot')), entries = $('li', legend);
  entries.forEach((entry, k) => {
    entry.addEventListener('pointerenter', () =>
      curves.forEach((curve, other) => curve.classList.toggle('dim', other !== k)));
    entry.addEventListener('pointerleave', () =>
      curves.forEach(curve => curve.classList.remove('dim')));
  });
}
if (film) {
  play.addEventListener('click', () => {
    if (playing) return stop();
    let t = at === null || at >= view[1] - 1e-6 ? view[0] : Math.max(at, view[0]), last = null;
    const turn = moment => {
      t += last === null ? 0 : (moment - last) / 1000;
      last = moment;
      point(Math.min(t, view[1]));
      if (t < view[1]) playing = requestAnimationFrame(turn); else stop();
    };
    play.textContent = '\u23f8';
    playing = requestAnimationFrame(turn);
  });
  seek.addEventListener('input', () => { stop(); point(+seek.value); });
}
for (const row of $('[data-view]')) {
  const show = () => {
    zoom(...row.dataset.view.split(' ').map(Number));
    document.querySelector('.bar').scrollIntoView({behavior: 'smooth'});
  };
  row.tabIndex = 0;
  row.addEventListener('click', show);
  row.addEventListener('keydown', event => { if (event.key === 'Enter') show(); });
}
document.getElementById('whole')?.addEventListener('click', () => zoom(...all));
document.getElementById('theme')?.addEventListener('click', () => {
  const root = document.documentElement, page = getComputedStyle(root).getPropertyValue('--page');
  root.className = page.trim() === '#ffffff' ? 'dark' : 'light';
});
addEventListener('resize', () => zoom(...view));
zoom(...all);
})();
"""
)
