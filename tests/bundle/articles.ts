// Articles made by hand, one for each thing that a page must be able to show.

import type { Article, Asset } from '../../src/article/article.ts'
import type { Edition, Site } from '../../src/bundle/bundle.ts'
import { drawPng } from './png.ts'

export const newsroom: Site = {
  name: 'The Harbour Ledger',
  motto: 'What the town decides, written down.',
  url: 'https://ledger.example/',
  language: 'en',
}

export const first: Edition = { version: 1 }
export const third: Edition = {
  version: 3,
  previous: 'bafybeieb6hfx5ptvhc5mri47qlwrcow6k6pc32tvuqkbvvtja2j3ayiqzi',
  note: 'The table gave the fare of 2023 twice.',
}

export function makeArticle(parts: Partial<Article> & { readonly title: string }): Article {
  return {
    file: 'article.md',
    source: new TextEncoder().encode(`# ${parts.title}\n`),
    slug: 'an-article',
    slugGiven: false,
    authors: [],
    categories: [],
    tags: [],
    corrections: [],
    body: '<p>One paragraph.</p>\n',
    assets: [],
    overrides: {},
    notices: [],
    ...parts,
  }
}

export function makeAsset(path: string, mediaType: string, bytes: Uint8Array): Asset {
  return {
    path,
    mediaType,
    size: bytes.byteLength,
    async *read() {
      yield bytes
    },
  }
}

/** Nothing but what an article must have. */
export const plain = makeArticle({ title: 'A short notice' })

export const english = makeArticle({
  title: 'UN, EU and Port Authority Agree on Winter Ferry Rules, End Seven-Week Standoff',
  slug: 'winter-ferry-rules',
  language: 'en',
  datePublished: '2025-08-22',
  authors: [{ name: 'Zoë Ångström' }],
  categories: ['Defence & Security'],
  body: `<p>The night ferry will sail again on Monday. After seven weeks of talks in three cities, the port authority, the crews’ union and two international bodies signed a text of eleven pages that sets out who may close the strait, for how long, and who pays for the hours lost.</p>
<p>“Nobody got what they came for,” said Łucja Wiśniewska, who chaired the last round. “That is usually the sign of an agreement that people will keep.” The text calls for a review after the first winter, and for the wind readings of all four stations to be public within the hour.</p>
<p>Under the old rules, dating from 1987, any of the four stations could stop traffic on its own reading. Under the new ones it takes two, or one reading above 28 metres a second. Crews had asked for three; insurers had asked for one.</p>
<blockquote>
<p>A rule that only one side can read is not a rule, it is a mood.</p>
</blockquote>
<p>The dispute began on 3 July, when the <em>Sigrún</em> was held at the outer pier for nineteen hours in what the coast guard called “marginal but legal” conditions. Two hundred and forty passengers slept aboard. By the end of the week the crews had stopped work, and lorries stood along the coast road as far as the <a href="https://ledger.example/quarry">old quarry</a>.</p>
<h2 id="h-what-changes">What changes on Monday</h2>
<p>Timetables return to what they were in June, with one exception: the 05:10 sailing leaves at 05:40, so that the first bus from the valley can reach it. Season tickets are extended by 50 days without a form to fill in.</p>
<ul>
<li>The strait closes when two stations agree, or one reads above 28 m/s.</li>
<li>Every closure is announced with its reading, its station and its expected end.</li>
<li>After six hours aboard, passengers are put up ashore at the port’s expense.</li>
</ul>
<p>Whether that is enough will be seen in November, when the first storms come in from the north-west. The harbour master, José Núñez, keeps a barometer of his grandfather’s by the door. “It has no opinion,” he said, “and it has never been late.”</p>
`,
})

const harbour = drawPng(1200, 700)
const pier = drawPng(640, 420)

export const illustrated = makeArticle({
  title: 'The Pier That Was Measured Four Times',
  slug: 'the-pier',
  summary:
    'For thirty years every survey of the outer pier gave another length. The reason lay under the sand, and in the tape.',
  language: 'en-GB',
  datePublished: '2024-11-03T07:30:00+01:00',
  dateModified: '2024-11-05',
  authors: [{ name: 'Ingrid Þórsdóttir', url: 'https://ledger.example/people/ingrid' }, { name: 'Tom Okafor' }],
  categories: ['Harbour', 'Long reads'],
  tags: ['surveying', 'piers', 'tides & sand'],
  url: 'https://ledger.example/2024/the-pier',
  license: 'https://creativecommons.org/licenses/by-sa/4.0/',
  image: {
    path: 'assets/the harbour 100%.png',
    alt: 'A green hill above still water, the sun low behind it',
    caption: 'The outer harbour at seven in the morning, from the quarry road.',
    credit: 'Nils Bø',
  },
  assets: [
    makeAsset('assets/pier.png', 'image/png', pier),
    makeAsset('assets/survey.csv', 'text/csv', new TextEncoder().encode('year,metres\n1994,412.6\n')),
    makeAsset('assets/the harbour 100%.png', 'image/png', harbour),
  ],
  body: `<p>In 1994 it was 412.6 metres long, in 2003 it was 411.9, and in 2011, after the repairs that were meant to lengthen it, 411.2.<sup class="footnote-ref"><a href="#fn-1" id="fnref-1" role="doc-noteref">1</a></sup> The pier was not shrinking. The tape was.</p>
<p>Steel tapes are read at a stated temperature, and nobody had written down which. The first survey was made in July, the second in March.<sup class="footnote-ref"><a href="#fn-2" id="fnref-2" role="doc-noteref">2</a></sup></p>
<figure>
<img src="assets/pier.png" alt="The pier, seen from the shore">
<figcaption>The pier at low water. The mark on the ninth pile is from 1994.</figcaption>
</figure>
<h2 id="h-four-surveys">Four surveys</h2>
<div class="table" role="region" tabindex="0" aria-label="Table 1"><table>
<thead>
<tr>
<th scope="col">Year</th>
<th scope="col">Surveyor</th>
<th scope="col">Month</th>
<th class="align-right" scope="col">Metres</th>
<th class="align-right" scope="col">Corrected to 20 °C</th>
</tr>
</thead>
<tbody>
<tr>
<td>1994</td>
<td>Harbour office</td>
<td>July</td>
<td class="align-right">412.6</td>
<td class="align-right">412.5</td>
</tr>
<tr>
<td>2003</td>
<td>County, with two students of the technical school</td>
<td>March</td>
<td class="align-right">411.9</td>
<td class="align-right">412.4</td>
</tr>
<tr>
<td>2011</td>
<td>Contractor</td>
<td>January</td>
<td class="align-right">411.2</td>
<td class="align-right">412.5</td>
</tr>
</tbody>
</table></div>
<p>The whole series is attached as <a href="assets/survey.csv">a table of 31 readings</a>; the correction is one line of code, <code>l * (1 + 1.16e-5 * (20 - t))</code>, and can be run by anyone:</p>
<pre tabindex="0"><code class="language-sh">awk -F, '{ print $1, $2 * (1 + 0.0000116 * (20 - $3)) }' survey.csv | sort --numeric-sort --key=2,2
</code></pre>
<h3 id="h-divers">What the divers found</h3>
<ol>
<li>The ninth pile had been replaced, and the mark with it.</li>
<li>
<p>Sand had risen along the <strong>eastern side</strong> by a metre and a half.</p>
<p>It falls again every spring.</p>
</li>
</ol>
<ul>
<li class="task"><span class="box">☑</span> Read the tape at a known temperature</li>
<li class="task"><span class="box">☐</span> Mark the tenth pile</li>
</ul>
<blockquote>
<p>We asked three offices for the number. All three gave it to us at once.</p>
<p>They were three different numbers.</p>
</blockquote>
<hr>
<p>The fifth survey is to be made next summer, by two parties who will not speak to each other until the readings are sealed.</p>
<section class="footnotes" role="doc-endnotes" aria-label="Footnotes">
<ol>
<li id="fn-1"><p>Harbour office, <cite>Annual returns</cite>, 1994 to 2011. <a class="footnote-back" href="#fnref-1" role="doc-backlink" aria-label="Back to reference 1">↩︎</a></p></li>
<li id="fn-2"><p>A steel tape of 50 metres is about 12 millimetres shorter at 0 °C than at 20 °C. <a class="footnote-back" href="#fnref-2" role="doc-backlink" aria-label="Back to reference 2">↩︎</a></p></li>
</ol>
</section>
`,
})

export const corrected = makeArticle({
  ...english,
  slug: 'ferry-fares',
  title: 'Ferry Fares to Rise by a Tenth',
  summary: 'The port authority’s draft budget raises single fares in March and leaves season tickets as they are.',
  dateModified: '2025-09-01T16:05:00Z',
  url: 'https://ledger.example/2025/ferry-fares',
  license: 'All rights reserved',
  tags: ['ferries'],
  corrections: [
    {
      date: '2025-08-24',
      note: 'An earlier version gave the first name of the harbour master as Juan. He is José Núñez.',
    },
    { note: 'The table gave the fare of 2022 in the wrong currency.' },
  ],
})

export const arabic = makeArticle({
  title: 'العبّارة الليلية تعود إلى الإبحار بعد سبعة أسابيع من المحادثات',
  slug: 'العبارة-الليلية',
  summary: 'اتفاق من إحدى عشرة صفحة يحدد من يحق له إغلاق المضيق، وإلى متى، ومن يدفع ثمن الساعات الضائعة.',
  language: 'ar',
  datePublished: '2025-08-22T09:00:00+03:00',
  authors: [{ name: 'ليلى حدّاد' }, { name: 'Tom Okafor', url: 'https://ledger.example/people/tom' }],
  categories: ['الميناء', 'السياسة'],
  tags: ['العبّارات'],
  license: 'CC-BY-4.0',
  image: {
    path: 'assets/pier.png',
    alt: 'رصيف الميناء عند الفجر',
    caption: 'الرصيف الخارجي عند الفجر.',
    credit: 'نيلز بو',
  },
  assets: [makeAsset('assets/pier.png', 'image/png', pier)],
  corrections: [{ date: '2025-08-23', note: 'ذكرت نسخة سابقة اسم مدير الميناء خطأً.' }],
  body: `<p>تعود العبّارة الليلية إلى الإبحار يوم الاثنين. وبعد محادثات امتدت سبعة أسابيع في ثلاث مدن، وقّعت سلطة الميناء ونقابة البحّارة نصًا من إحدى عشرة صفحة يبيّن متى يُغلق المضيق ومن يتحمل الكلفة.</p>
<blockquote>
<p>القاعدة التي لا يستطيع قراءتها إلا طرف واحد ليست قاعدة، بل مزاج.</p>
</blockquote>
<h2 id="h-section">ما الذي يتغير</h2>
<p>بموجب القواعد القديمة التي تعود إلى عام 1987 كان يمكن لأي محطة أن توقف الحركة وحدها. أما الآن <em>فلا بد</em> من محطتين، أو قراءة واحدة تتجاوز 28 مترًا في الثانية، كما يقول <a href="https://ledger.example/">الموقع</a> و<code>wind --station 4</code>.</p>
<ul>
<li>يُعلَن كل إغلاق مع قراءته ومحطته ونهايته المتوقعة.</li>
<li>بعد ست ساعات على متن العبّارة يبيت الركاب في المدينة على نفقة الميناء.</li>
</ul>
<div class="table" role="region" tabindex="0" aria-label="جدول 1"><table>
<thead><tr><th scope="col">المحطة</th><th class="align-right" scope="col">القراءة</th></tr></thead>
<tbody><tr><td>الشمالية</td><td class="align-right">28</td></tr><tr><td>الجنوبية</td><td class="align-right">19</td></tr></tbody>
</table></div>
`,
})

export const chinese = makeArticle({
  title: '停航七周后，夜间渡轮恢复开航：各方就冬季航行规则达成一致',
  slug: '夜间渡轮',
  summary: '一份十一页的协议写明了谁有权关闭海峡、关闭多久，以及损失的时间由谁承担。',
  language: 'zh-Hans',
  datePublished: '2025-08-22',
  dateModified: '2025-08-23T08:00:00+08:00',
  authors: [{ name: '林晓' }, { name: '陈国安' }],
  categories: ['港口', '政治'],
  tags: ['渡轮', '气象'],
  body: `<p>夜间渡轮将于星期一恢复开航。经过七个星期、在三座城市举行的谈判，港务局、船员工会和两个国际机构签署了一份十一页的文件，规定在什么情况下可以关闭海峡，以及由谁支付费用。</p>
<p>“没有人得到了自己想要的一切，”主持最后一轮谈判的露西亚说，“这通常说明，大家会遵守这份协议。”文件要求在第一个冬天之后进行评估，并在一小时之内公布全部四个气象站的风速数据。根据1987年的旧规则，任何一个站都可以单独下令停航；新规则要求<em>两个站</em>，或者一次超过28 m/s的读数。</p>
<blockquote>
<p>只有一方看得懂的规则，不是规则，而是情绪。</p>
</blockquote>
<h2 id="h-section">星期一起的变化</h2>
<p>时刻表恢复到六月的安排，只有一处例外：05:10的班次改为05:40，以便山谷里的第一班公共汽车能够赶上。</p>
`,
})

/** Says something in every field that would be markup, were it not escaped. */
const hostileText = `</script></title><script>alert(1)</script><img src=x onerror="alert('2')">&amp;\u2028]]>-->`

export const hostile = makeArticle({
  title: `title ${hostileText}`,
  slug: `slug ${hostileText}`,
  summary: `summary ${hostileText}`,
  language: 'en',
  datePublished: '2025-01-01',
  authors: [
    { name: `author ${hostileText}`, url: `https://x.example/"><script>alert(3)</script>` },
    { name: 'Script', url: 'javascript:alert(4)' },
  ],
  categories: [`category ${hostileText}`],
  tags: [`tag ${hostileText}`],
  url: `https://x.example/?"onmouseover="alert(5)&lt`,
  license: `licence ${hostileText}`,
  image: {
    path: `assets/a"b'<c>&?#%.png`,
    alt: `alt ${hostileText}`,
    caption: `caption ${hostileText}`,
    credit: `credit ${hostileText}`,
  },
  assets: [makeAsset(`assets/a"b'<c>&?#%.png`, 'image/png', pier)],
  corrections: [{ date: '2025-01-02', note: `note ${hostileText}` }],
})

export const hostileSite: Site = {
  name: `site ${hostileText}`,
  motto: `motto ${hostileText}`,
  url: 'javascript:alert(6)',
}

/** Every article above with an edition that suits it. */
export const samples: readonly { name: string; article: Article; site: Site; edition: Edition }[] = [
  { name: 'plain, without a site', article: plain, site: {}, edition: first },
  { name: 'english', article: english, site: newsroom, edition: first },
  { name: 'illustrated', article: illustrated, site: newsroom, edition: first },
  { name: 'corrected, third edition', article: corrected, site: newsroom, edition: third },
  {
    name: 'arabic',
    article: arabic,
    site: { name: 'دفتر الميناء', motto: 'ما تقرره المدينة، مكتوبًا.' },
    edition: third,
  },
  { name: 'chinese', article: chinese, site: { name: '港口纪事' }, edition: first },
  {
    name: 'hostile',
    article: hostile,
    site: hostileSite,
    edition: { version: 2, previous: '"><script>', note: hostileText },
  },
]
