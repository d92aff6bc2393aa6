/** What holds for every page whatever it shows: width of a phone, CSP, layout shift, theme, print. */
import { address } from '../fixtures/server.ts'
import { credentials, everyPage, expect, sticksOut, test } from '../fixtures/index.ts'

for (const part of [0, 1]) {
  test(`no page is wider than a phone, 390 px, part ${part + 1} of 2`, async ({ as }) => {
    test.slow()
    const page = await as('operator')
    await page.setViewportSize({ width: 390, height: 844 })
    for (const path of everyPage().filter((_, at) => at % 2 === part)) {
      await page.goto(path)
      expect.soft(await sticksOut(page), path).toEqual([])
    }
  })
}

test('the browser is asked for nothing it may not do, and nobody else for anything', async ({ as }) => {
  test.slow()
  const page = await as('operator')
  const elsewhere: string[] = []
  const refused: string[] = []
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== address) elsewhere.push(request.url())
  })
  page.on('console', (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) refused.push(`${page.url()}: ${message.text()}`)
  })
  for (const path of everyPage()) {
    await page.goto(path)
    const styled = await page.evaluate(() => [...document.querySelectorAll('[style]')].map((el) => el.outerHTML.slice(0, 200)))
    expect.soft(styled, path).toEqual([])
  }
  expect(elsewhere).toEqual([])
  expect(refused).toEqual([])
})

for (const [what, path] of [
  ['the directory', () => '/tenants'],
  ['the overview', () => '/overview'],
  ['a tenant', () => `/tenants/${credentials('tenant_admin').tenant}`],
  ['the usage of all', () => '/usage'],
] as const) {
  test(`${what} does not move while it loads`, async ({ as }) => {
    for (const viewport of [{ width: 1280, height: 720 }, { width: 390, height: 844 }]) {
      const page = await as('operator')
      await page.setViewportSize(viewport)
      await page.addInitScript(() => {
        const seen = window as unknown as { shift: number; moved: string[] }
        seen.shift = 0
        seen.moved = []
        type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources?: { node?: Node | null }[] }
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as Shift[]) {
            if (entry.hadRecentInput) continue
            seen.shift += entry.value
            for (const { node } of entry.sources ?? []) {
              const el = node instanceof Element ? node : node?.parentElement
              if (el) seen.moved.push(`${el.tagName.toLowerCase()}.${el.getAttribute('class') ?? ''}`)
            }
          }
        }).observe({ type: 'layout-shift', buffered: true })
      })
      await page.goto(path(), { waitUntil: 'networkidle' })
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await page.evaluate(() => document.fonts.ready)
      const { shift, moved } = await page.evaluate(() => {
        const seen = window as unknown as { shift: number; moved: string[] }
        return { shift: seen.shift, moved: seen.moved }
      })
      expect(shift, `${viewport.width} px: ${moved.join(', ')}`).toBeLessThanOrEqual(0.05)
    }
  })
}

test('the theme follows the device, and the choice goes before it', async ({ as }) => {
  const page = await as('operator')
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  await page.goto('/me/preferences')
  const light = await paper()
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await paper()
  expect(dark).not.toBe(light)

  await page.getByRole('radio', { name: 'Light' }).check()
  await page.getByRole('button', { name: 'Save preferences' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'saved' })).toBeVisible()
  expect(await paper()).toBe(light)
  await page.goto('/tenants')
  expect(await paper()).toBe(light)
})

test('a phone reaches everything through the navigation button', async ({ as }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/tenants')
  const main = page.getByRole('navigation', { name: 'Main' })
  await expect(main).toBeHidden()
  await page.getByRole('button', { name: 'Navigation' }).click()
  await main.getByRole('link', { name: 'Audit log' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible()
})

test('paper carries the content only', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants')
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('table', { name: 'Tenants' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden()
  await expect(page.getByRole('search')).toBeHidden()
})
