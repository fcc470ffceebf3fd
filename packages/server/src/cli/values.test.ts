import { describe, expect, it } from 'vitest'
import { eachOrigin, instant, pageUrl } from './values.ts'

describe('a flag for an instant', () => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00.250Z', '2026-01-31T12:00:00.250Z'],
    ['2026-01-31T00:30:00+02:00', '2026-01-30T22:30:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(instant(text)).toISOString()).toBe(iso)
  })

  it.each([
    ['90s', 90],
    ['15m', 900],
    ['1h', 3_600],
    ['7d', 604_800],
  ])('takes %s for that long ago', (text, seconds) => {
    const before = Date.now()
    const at = instant(text) + seconds * 1_000
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
  })

  it.each([
    '2026-02-31',
    '2026-02-31T12:00:00Z',
    '2026-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-31T12:00:00',
    '2026-01-31T25:00:00Z',
    '2026-01-31T12:61:00Z',
    '2026-1-31',
    '31.01.2026',
    '1767225600',
    '-1h',
    '1w',
    'yesterday',
    '',
  ])('refuses %j', (text) => {
    expect(() => instant(text)).toThrow(/Write a time as/)
  })
})

describe('a flag for origins', () => {
  it('collects them as browsers write them, each once', () => {
    const given = ['https://app.example.com', 'http://localhost:3000/', 'https://app.example.com/']
    let origins: readonly string[] | undefined
    for (const text of given) origins = eachOrigin(text, origins)
    expect(origins).toEqual(['https://app.example.com', 'http://localhost:3000'])
  })

  // What is compared letter by letter must be written in the letters that a browser sends.
  it.each([
    'https://app.example.com/a',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://a:b@app.example.com',
    'https://*.example.com',
    'https://',
    'app.example.com',
    'null',
    '*',
    'file:///',
    'chrome-extension://abc',
    '',
  ])('refuses %j', (text) => {
    expect(() => eachOrigin(text)).toThrow(/It must be an origin/)
  })
})

describe('a flag for a page', () => {
  it.each([
    ['https://app.example.com/sign-in?a=b#c', 'https://app.example.com/sign-in?a=b#c'],
    ['http://localhost:3000', 'http://localhost:3000/'],
  ])('reads %s', (text, url) => {
    expect(pageUrl(text)).toBe(url)
  })

  it.each([
    'javascript:alert(1)',
    'data:text/html,a',
    '//app.example.com',
    '/sign-in',
    'https://a@b.example',
    '',
  ])('refuses %j', (text) => {
    expect(() => pageUrl(text)).toThrow(/It must be the URL of a page/)
  })
})
