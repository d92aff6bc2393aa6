/** Every page of the route table is looked at by axe (A1): the lists of fixtures/pages.ts, and what has to be made first. */
import { existsSync, readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import {
  adminsPages,
  createKey,
  discardDraft,
  dress,
  ELSEWHERE,
  everyPage,
  expect,
  hrefOf,
  MADE,
  OWNERS_PAGES,
  Receiver,
  routeOf,
  routes,
  suspend,
  test,
  THEMES,
  unique,
  VISITORS_PAGES,
  walk,
} from '../fixtures/index.ts'

/** Light on a desk, then dark on a phone. */
async function walkInBoth(page: Page, paths: readonly string[]): Promise<void> {
  for (const theme of THEMES) {
    await test.step(theme, async () => {
      await dress(page, theme)
      await walk(page, paths)
    })
  }
}

/** The routes that were promised of what was made, and no address that is none. */
function expectRoutes(addresses: string[], promised: readonly string[]): void {
  const all = routes()
  const found = addresses.map((address) => routeOf(address, all))
  expect(found).toEqual(expect.arrayContaining([...promised]))
  expect(found).not.toContain(undefined)
}

test('no page of the route table is left out', () => {
  const all = routes()
  expect(all.length, 'the route table is read').toBeGreaterThan(80)
  const addresses = [...everyPage(), ...OWNERS_PAGES, ...VISITORS_PAGES]
  expect(addresses.filter((address) => !routeOf(address, all)), 'addresses that are none').toEqual([])

  const named: string[] = [...MADE.platform, ...MADE.tenant, ...MADE.owner, ...Object.keys(ELSEWHERE)]
  expect(named.filter((route) => !all.includes(route)), 'routes that are gone').toEqual([])
  const walked = new Set([...addresses.map((address) => routeOf(address, all)), ...named])
  expect(all.filter((route) => !walked.has(route)), 'pages that no list of fixtures/pages.ts has').toEqual([])

  for (const [route, spec] of Object.entries(ELSEWHERE)) {
    const file = new URL(spec, import.meta.url)
    expect(existsSync(file), `${spec}, for ${route}`).toBe(true)
    expect(readFileSync(file, 'utf8'), `${spec}, for ${route}`).toContain('expectAccessible(')
  }
})

test('the most exact route answers an address', () => {
  const all = ['/tenants', '/tenants/:slug', '/tenants/new', '/tenants/:slug/plan', '/tenants/new/:draft']
  expect(routeOf('/tenants?q=a', all)).toBe('/tenants')
  expect(routeOf('/tenants/new', all)).toBe('/tenants/new')
  expect(routeOf('/tenants/acme', all)).toBe('/tenants/:slug')
  expect(routeOf('/tenants/new/plan', all)).toBe('/tenants/new/:draft')
  expect(routeOf('/nothing', all)).toBeUndefined()
})

test('axe finds nothing on what an operator makes for the platform', async ({ as }) => {
  test.slow()
  const page = await as('operator')
  const receiver = await Receiver.start()
  const word = unique()
  const addresses: string[] = []
  const here = () => {
    const { pathname } = new URL(page.url())
    addresses.push(pathname)
    return pathname
  }
  try {
    await test.step('a template that is a draft', async () => {
      await page.goto('/templates/new')
      await page.getByLabel('Name', { exact: true }).fill(`Walked ${word}`)
      await page.getByLabel('Begin with the contents of').selectOption('baseline.1')
      await page.getByRole('button', { name: 'Create template' }).click()
      await expect(page).toHaveURL(`/templates/walked-${word}/edit`)
      here()
      addresses.push(`/templates/walked-${word}/publish`)
    })

    await test.step('an import, with a row that has a problem', async () => {
      const csv = `name,plan\nImported ${word},starter\nGolden ${word},golden\n`
      await page.goto('/tenants/import')
      await page.getByLabel('File').setInputFiles({ name: `walked-${word}.csv`, mimeType: 'text/csv', buffer: Buffer.from(csv) })
      await page.getByRole('button', { name: 'Show preview' }).click()
      await expect(page).toHaveURL(/\/tenants\/import\/[0-9a-f-]{36}$/)
      addresses.push(`${here()}?rows=problems`)
    })

    const draft = await test.step('a draft of the wizard, up to its last page', async () => {
      await page.goto('/tenants/new')
      for (const step of ['identity', 'plan', 'people', 'review']) {
        await page.getByRole('button', { name: 'Continue' }).click()
        await expect(page).toHaveURL(new RegExp(`/tenants/new/[0-9a-f-]{36}/${step}$`))
        here()
        if (step === 'identity') await page.getByLabel('Name', { exact: true }).fill(`Drafted ${word}`)
      }
      return page.url()
    })

    const endpoint = await test.step('an endpoint of the platform, and what it was told', async () => {
      await page.goto('/webhooks')
      await page.getByLabel('Name', { exact: true }).fill(`Walked ${word}`)
      await page.getByLabel('Address', { exact: true }).fill(receiver.url)
      await page.getByRole('button', { name: 'Add endpoint' }).click()
      await expect(page.getByRole('alert').getByText(/^whsec_/)).toBeVisible()
      await page.goto('/webhooks')
      await page.getByRole('link', { name: `Walked ${word}` }).click()
      await expect(page.getByRole('heading', { level: 1, name: `Walked ${word}` })).toBeVisible()
      const endpoint = here()
      addresses.push(`${endpoint}/remove`)
      await page.getByRole('button', { name: 'Send a test' }).click()
      await expect(page).toHaveURL(/\/notifications\?webhook=/)
      const told = page.getByRole('table').locator('a[href^="/notifications/"]').first()
      await expect(async () => {
        await page.reload()
        await expect(told).toBeVisible({ timeout: 500 })
      }).toPass({ timeout: 15_000 })
      addresses.push(await hrefOf(told))
      return endpoint
    })

    expectRoutes(addresses, MADE.platform)
    await walkInBoth(page, addresses)

    await test.step('and takes away again what would stay in the way', async () => {
      await page.goto(`${endpoint}/remove`)
      await page.getByLabel('Reason').fill('The test is over.')
      await page.getByRole('button', { name: 'Remove endpoint' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'is removed.' })).toBeVisible()
      await page.goto(draft)
      await discardDraft(page)
    })
  } finally {
    receiver.stop()
  }
})

test('nor on what they make for a tenant', async ({ as, tenant }) => {
  test.slow()
  const page = await as('operator')
  const receiver = await Receiver.start()
  const place = `/tenants/${tenant.slug}`
  const addresses = [
    `${place}/settings`,
    `${place}/baseline`,
    `${place}/baseline/apply?to=baseline.1`,
    // It is on trial.
    `${place}/convert`,
    `${place}/extend-trial`,
  ]
  try {
    await test.step('a key to be revoked', async () => {
      await createKey(page, tenant.slug, 'Read-only', 'Walked')
      await page.goto(`${place}/api-keys`)
      addresses.push(await hrefOf(page.getByRole('row', { name: /^Walked/ }).getByRole('link', { name: /^Revoke/ })))
    })

    await test.step('an endpoint to be removed', async () => {
      await page.goto(`${place}/webhooks`)
      await page.getByLabel('Name', { exact: true }).fill('Walked')
      await page.getByLabel('Address', { exact: true }).fill(receiver.url)
      await page.getByRole('button', { name: 'Add endpoint' }).click()
      await expect(page.getByRole('alert').getByText(/^whsec_/)).toBeVisible()
      await page.goto(`${place}/webhooks`)
      await page.getByRole('table').getByRole('link', { name: 'Walked' }).click()
      addresses.push(await hrefOf(page.getByRole('link', { name: 'Remove endpoint…' })))
    })

    await test.step('a difference from the template to be accepted', async () => {
      await page.goto(`${place}/settings/ai.max_tokens`)
      await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('900')
      await page.getByLabel('Reason', { exact: true }).fill('Long calls.')
      await page.getByRole('button', { name: 'Save change' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'is set to 900 tokens' })).toBeVisible()
      await page.goto(`${place}/baseline`)
      addresses.push(await hrefOf(page.getByRole('row', { name: /^Longest answer/ }).getByRole('link', { name: /^Accept/ })))
    })

    expectRoutes(addresses, MADE.tenant)
    await walkInBoth(page, addresses)

    await test.step('what is asked of the suspended', async () => {
      await suspend(page, tenant.slug, { why: 'Payment failure', scope: 'Read-only', reason: 'A bill is open.' })
      await walkInBoth(page, [`${place}/reinstate`, `${place}/scope`])
    })
  } finally {
    receiver.stop()
  }
})

test('nor on what a tenant’s admin sees', async ({ as }) => {
  test.slow()
  await walkInBoth(await as('tenant_admin'), adminsPages())
})

test('nor on what only owners see', async ({ as }) => {
  test.slow()
  const page = await as('owner')
  await page.goto('/users')
  const person = await hrefOf(page.getByRole('table', { name: 'People of the platform' }).getByRole('rowheader').getByRole('link').first())
  expectRoutes([person], MADE.owner)
  await walkInBoth(page, [...OWNERS_PAGES, person])
})

test('nor on what is open to those who are not signed in', async ({ page }) => {
  test.slow()
  await walkInBoth(page, VISITORS_PAGES)
})
