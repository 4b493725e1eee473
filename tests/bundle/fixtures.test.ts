import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readArticle } from '../../src/article/read-article.ts'
import { articleMetadata } from '../../src/bundle/metadata.ts'
import { renderPage } from '../../src/bundle/page.ts'
import { newsroom, third } from './articles.ts'
import { findHtmlErrors } from './html-errors.ts'
import { checkNewsArticle } from './news-article.ts'

const folder = fileURLToPath(new URL('../../fixtures/articles/', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.md'))

describe('the articles in fixtures', () => {
  it.each(files)('%s becomes a valid page and valid metadata', async (name) => {
    const article = await readArticle(folder + name, { language: 'en' })
    expect(findHtmlErrors(renderPage(article, newsroom, third))).toEqual([])
    checkNewsArticle(articleMetadata(article, newsroom, third), 'metadata')
  })
})
