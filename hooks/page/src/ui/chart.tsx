// Charts: scales by d3, drawn here, so that they obey the content policy and the page's colours.
//
// Every chart is a figure with a name, a picture, and a table of the same figures for who can't or
// won't see the picture.  Series are told apart by dashes and marks as well as by colour.

import { bisector, extent, max } from 'd3-array';
import { scaleBand, scaleLinear, scaleTime } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { dateTime, tick } from '../format.ts';
import { t } from '../i18n.ts';

const dashes = ['', '7 4', '2 4', '10 3 2 3', '1 3', '12 4'];

/** The width a figure has, told again when it changes. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
	const box = useRef<HTMLDivElement>(null);
	const [width, setWidth] = useState(0);
	useEffect(() => {
		if (!box.current) {
			return undefined;
		}
		const observer = new ResizeObserver((entries) => setWidth(Math.floor(entries[0]?.contentRect.width ?? 0)));
		observer.observe(box.current);
		return () => observer.disconnect();
	}, []);
	return [box, width];
}

/** A chart with its name and its table. */
export function Figure({ title, children, table, legend }: { title: string; children: ComponentChildren; table: ComponentChildren; legend?: ComponentChildren }): JSX.Element {
	const id = useId();
	return (
		<figure class="chart" aria-labelledby={id}>
			<figcaption class="hidden-text" id={id}>
				{title}
			</figcaption>
			{legend}
			{children}
			<details>
				<summary>{t('chart.table')}</summary>
				<div class="scroll" role="region" tabIndex={0} aria-label={title}>
					{table}
				</div>
			</details>
		</figure>
	);
}

export function Legend({ names, filled }: { names: string[]; filled?: boolean }): JSX.Element {
	return (
		<ul class="legend">
			{names.map((name, index) => (
				<li key={name}>
					<svg viewBox="0 0 24 12" aria-hidden="true" class={`c-${(index % 6) + 1}`}>
						{filled ? (
							<rect x="6" width="12" height="12" rx="2" class="fill" />
						) : (
							<line x1="1" x2="23" y1="6" y2="6" class="stroke" stroke-width="3" stroke-dasharray={dashes[index % 6]} />
						)}
					</svg>
					{name}
				</li>
			))}
		</ul>
	);
}

export interface Series {
	name: string;
	values: { time: Date; value: number }[];
	/** Fill the ground below. */
	filled?: boolean;
}

const HEIGHT = 260;
const EDGE = { top: 12, right: 12, bottom: 28, left: 40 };

/** Values over time.  The arrow keys walk the points when it has the focus. */
export function Lines({ series, threshold, format, name }: { series: Series[]; threshold?: { value: number; label: string }; format: (value: number) => string; name: string }): JSX.Element {
	const [box, width] = useWidth();
	const [at, setAt] = useState<number | null>(null);
	const all = series.flatMap((one) => one.values);
	const [first, last] = extent(all, (point) => point.time);
	const times = series[0]?.values ?? [];
	const top = Math.max(max(all, (point) => point.value) ?? 0, threshold?.value ?? 0, 1);
	const low = Math.min(0, ...all.map((point) => point.value));
	const x = scaleTime([first ?? new Date(0), last ?? new Date(1)], [EDGE.left, Math.max(width - EDGE.right, EDGE.left + 1)]);
	const y = scaleLinear([low, top * 1.05], [HEIGHT - EDGE.bottom, EDGE.top]).nice(5);
	const across = (last?.getTime() ?? 0) - (first?.getTime() ?? 0);
	const draw = line<Series['values'][number]>((point) => x(point.time), (point) => y(point.value)).curve(curveMonotoneX);
	const fill = area<Series['values'][number]>((point) => x(point.time), y(Math.max(0, low)), (point) => y(point.value)).curve(curveMonotoneX);
	const nearest = (pixel: number): number => bisector((point: Series['values'][number]) => point.time).center(times, x.invert(pixel));
	const step = (event: KeyboardEvent): void => {
		const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
		if (move !== 0) {
			event.preventDefault();
			setAt(Math.max(0, Math.min(times.length - 1, (at ?? (move > 0 ? -1 : times.length)) + move)));
		}
	};
	const here = at === null ? undefined : times[at];
	const told = here
		? `${dateTime(here.time)} — ${series.map((one) => `${one.name}: ${format(one.values[at ?? 0]?.value ?? 0)}`).join(', ')}`
		: '';
	return (
		<div ref={box}>
			{width > 0 ? (
				<svg
					viewBox={`0 0 ${width} ${HEIGHT}`}
					height={HEIGHT}
					role="application"
					aria-roledescription={t('chart')}
					aria-label={`${name}. ${t('chart.keys')}`}
					tabIndex={0}
					onKeyDown={step}
					onBlur={() => setAt(null)}
					onPointerLeave={() => setAt(null)}
					onPointerMove={(event) => setAt(nearest(event.clientX - (box.current?.getBoundingClientRect().left ?? 0)))}
				>
					<g class="grid axis" aria-hidden="true">
						{y.ticks(5).map((value) => (
							<g key={value}>
								<line x1={EDGE.left} x2={width - EDGE.right} y1={y(value)} y2={y(value)} />
								<text x={EDGE.left - 8} y={y(value)} dy="0.32em" text-anchor="end">
									{format(value)}
								</text>
							</g>
						))}
						{x.ticks(Math.max(2, Math.floor(width / 120))).map((value) => (
							<text key={value.getTime()} x={x(value)} y={HEIGHT - 8} text-anchor="middle">
								{tick(value, across)}
							</text>
						))}
					</g>
					{threshold ? (
						<g aria-hidden="true">
							<line class="threshold" x1={EDGE.left} x2={width - EDGE.right} y1={y(threshold.value)} y2={y(threshold.value)} />
							<text class="note" x={width - EDGE.right} y={y(threshold.value) - 6} text-anchor="end">
								{threshold.label}
							</text>
						</g>
					) : null}
					{series.map((one, index) => (
						<g key={one.name} class={`c-${(index % 6) + 1}`} aria-hidden="true">
							{one.filled ? <path class="area fill" d={fill(one.values) ?? ''} /> : null}
							<path class="line stroke" d={draw(one.values) ?? ''} stroke-dasharray={dashes[index % 6]} />
							{here && at !== null && one.values[at] ? <circle class="dot fill" r="4.5" cx={x(here.time)} cy={y(one.values[at].value)} /> : null}
						</g>
					))}
					{here ? <line class="cursor" x1={x(here.time)} x2={x(here.time)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} /> : null}
				</svg>
			) : null}
			<p class="tip" aria-live="polite">
				{told}
			</p>
		</div>
	);
}

export interface Bar {
	label: string;
	value: number;
	/** Beside the value: a rate, a median. */
	note?: string;
	tone?: number;
}

const LETTER = 6.6;

/** About how wide a text is drawn: Chinese letters are broad, isolates are not seen. */
export function breadth(text: string): number {
	return Array.from(text).reduce((sum, letter) => sum + (/[\u2066-\u2069]/.test(letter) ? 0 : /[\u1100-\uffdc]/.test(letter) ? 2 * LETTER : LETTER), 0);
}

/** A text cut to what fits. */
export function fitting(text: string, room: number): string {
	if (breadth(text) <= room) {
		return text;
	}
	const letters = Array.from(text.replaceAll(/[\u2066-\u2069]/g, ''));
	while (letters.length > 1 && breadth(letters.join('')) + LETTER > room) {
		letters.pop();
	}
	return `${letters.join('')}…`;
}

/** Where a bar's parts are: beside each other, or on a narrow screen the name above and no note. */
function layout(width: number): { wide: boolean; row: number; left: number; name: number; bar: number; thick: number } {
	return width >= 520
		? { wide: true, row: 38, left: Math.min(180, width * 0.26), name: 19, bar: 7, thick: 24 }
		: { wide: false, row: 50, left: 0, name: 11, bar: 22, thick: 18 };
}

/** Bars that lie, longest possible first: funnels, sources, owners. */
export function Bars({ bars, format }: { bars: Bar[]; format: (value: number) => string }): JSX.Element {
	const [box, width] = useWidth();
	const { wide, row, left, name, bar: top, thick } = layout(width);
	// Beside the longest bar there is room for what is written after it.
	const written = Math.max(0, ...bars.map((bar) => breadth(format(bar.value)) + (wide ? breadth(bar.note ?? '') : 0)));
	const room = Math.max(40, width - left - written - 24);
	const x = scaleLinear([0, Math.max(max(bars, (bar) => bar.value) ?? 0, 1)], [0, room]);
	const height = bars.length * row;
	return (
		<div ref={box}>
			{width > 0 ? (
				<svg viewBox={`0 0 ${width} ${height}`} height={height} aria-hidden="true">
					{bars.map((bar, index) => (
						<g key={`${index}${bar.label}`} transform={`translate(0 ${index * row})`} class={`c-${bar.tone ?? 1}`}>
							<title>{bar.label}</title>
							<text class="label" x={wide ? left - 10 : 0} y={name} dy="0.35em" text-anchor={wide ? 'end' : 'start'}>
								{fitting(bar.label, wide ? left - 10 : width)}
							</text>
							<rect class="fill" x={left} y={top} width={Math.max(bar.value > 0 ? 2 : 0, x(bar.value))} height={thick} rx="3" />
							<text x={left + x(bar.value) + 8} y={top + thick / 2} dy="0.35em">
								<tspan class="value">{format(bar.value)}</tspan>
								{bar.note && wide ? (
									<tspan class="note" dx="6">
										{bar.note}
									</tspan>
								) : null}
							</text>
						</g>
					))}
				</svg>
			) : null}
		</div>
	);
}

export interface Stack {
	label: string;
	values: number[];
}

/** Columns of several kinds over periods. */
export function Columns({ stacks, names, format }: { stacks: Stack[]; names: string[]; format: (value: number) => string }): JSX.Element {
	const [box, width] = useWidth();
	const x = scaleBand(
		stacks.map((_, index) => String(index)),
		[EDGE.left, Math.max(width - EDGE.right, EDGE.left + 1)],
	).padding(0.28);
	const top = max(stacks, (stack) => stack.values.reduce((sum, value) => sum + value, 0)) ?? 0;
	const y = scaleLinear([0, Math.max(top, 1)], [HEIGHT - EDGE.bottom, EDGE.top]).nice(4);
	// Only as many names as stand clear of each other.
	const name = Math.max(0, ...stacks.map((stack) => breadth(stack.label))) + 14;
	const every = Math.max(1, Math.ceil((stacks.length * name) / Math.max(width - EDGE.left - EDGE.right, 1)));
	return (
		<div ref={box}>
			{width > 0 ? (
				<svg viewBox={`0 0 ${width} ${HEIGHT}`} height={HEIGHT} aria-hidden="true">
					<g class="grid axis">
						{y
							.ticks(4)
							.filter(Number.isInteger)
							.map((value) => (
								<g key={value}>
									<line x1={EDGE.left} x2={width - EDGE.right} y1={y(value)} y2={y(value)} />
									<text x={EDGE.left - 8} y={y(value)} dy="0.32em" text-anchor="end">
										{format(value)}
									</text>
								</g>
							))}
					</g>
					{stacks.map((stack, index) => {
						let below = 0;
						return (
							<g key={`${index}${stack.label}`} class="axis">
								{stack.values.map((value, kind) => {
									const from = below;
									below += value;
									return value > 0 ? (
										<g key={names[kind]} class={`c-${(kind % 6) + 1}`}>
											<rect class="fill" x={x(String(index))} width={x.bandwidth()} y={y(below)} height={Math.max(0, y(from) - y(below) - 1)} rx="1.5">
												<title>{`${stack.label} · ${names[kind] ?? ''}: ${format(value)}`}</title>
											</rect>
										</g>
									) : null;
								})}
								{index % every === 0 ? (
									<text x={(x(String(index)) ?? 0) + x.bandwidth() / 2} y={HEIGHT - 8} text-anchor="middle">
										{stack.label}
									</text>
								) : null}
							</g>
						);
					})}
				</svg>
			) : null}
		</div>
	);
}
