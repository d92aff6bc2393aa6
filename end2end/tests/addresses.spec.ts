/** Addresses and the frame around pages: one spelling of each, names instead of slugs, nothing of an address printed. */
import { credentials, expect, test } from '../fixtures/index.ts'

test('every address has one spelling', async ({ as }) => {
  const page = await as('operator')
  const slug = credentials('tenant_admin').tenant ?? ''
  for (const [asked, answered] of [
    ['/tenants/?status=active', '/tenants?status=active'],
    [`/Tenants/${slug.toUpperCase()}/Tasks/`, `/tenants/${slug}/tasks`],
    [`/tenants/${slug}/`, `/tenants/${slug}`],
  ]) {
    const response = await page.request.get(asked as string, { maxRedirects: 0 })
    expect(response.status(), asked).toBe(308)
    expect(response.headers().location).toBe(answered)
  }
})

test('empty fields of a form leave the address before the page is made', async ({ as }) => {
  const page = await as('operator')
  const response = await page.request.get('/tenants?q=&status=active&plan=', { maxRedirects: 0 })
  expect(response.status()).toBe(303)
  expect(response.headers().location).toBe('/tenants?status=active')
  expect(await response.text()).toBe('')
})

test('a period that is not offered is named, not quietly another one', async ({ as }) => {
  const page = await as('operator')
  for (const path of ['/usage', `/tenants/${credentials('tenant_admin').tenant}/usage`]) {
    await page.goto(`${path}?days=-1`)
    await expect(page.getByText('Not understood and left out: Period.'), path).toBeVisible()
    await page.goto(`${path}?days=7`)
    await expect(page.getByText('Not understood'), path).toHaveCount(0)
  }
})

test('the frame calls a tenant by its name, and a tenant that is none nothing', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/usage`)
  await expect(page.getByText(`You are viewing ${tenant.name} as`)).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Breadcrumb' })).toContainText(tenant.name)
  await page.goto('/tenants/nobody-has-this')
  await expect(page.getByRole('heading', { level: 1, name: 'Not found' })).toBeVisible()
  await expect(page.getByText('You are viewing')).toHaveCount(0)
  await expect(page.locator('body')).not.toContainText('nobody-has-this')
})

test('what a link made up is not printed', async ({ as }) => {
  const page = await as('operator')
  for (const path of ['/tenants?status=Call-555-0100&Call-555-0100=x', '/audit?from=Call-555-0100&Call-555-0100=x']) {
    await page.goto(path)
    await expect(page.getByText(/Not understood and left out: (Status|From), 1 other part of the address\./)).toBeVisible()
    await expect(page.getByRole('main')).not.toContainText(/call-555/i)
  }
})

test('a refused page says so once, under one heading', async ({ as }) => {
  const page = await as('success')
  for (const path of ['/audit', '/tenants/import']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not allowed')
  }
})

test('a list says which rows it shows, and one without rows has no pages', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants?status=active&rows=25')
  const pages = page.getByRole('navigation', { name: 'Pagination' })
  await expect(pages).toContainText(/1–25 of \d+ tenants/)
  await pages.getByRole('link', { name: 'Next' }).click()
  await expect(pages).toContainText(/26–50 of \d+ tenants/)
  await pages.getByRole('link', { name: 'Previous' }).click()
  await expect(pages).toContainText(/1–25 of \d+ tenants/)
  await page.goto('/tenants?q=zzzzzz')
  await expect(pages).toHaveCount(0)
})

test('the current section of a tenant is in view on a phone', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`/tenants/${tenant.slug}/audit`)
  const current = page.getByRole('navigation', { name: 'Tenant sections' }).getByRole('link', { name: 'Audit' })
  await expect(current).toBeInViewport({ ratio: 1 })
  // The name of the tenant, its state and its stages leave most of the first screen to what one came for.
  const sections = await page.getByRole('navigation', { name: 'Tenant sections' }).boundingBox()
  expect((sections?.y ?? 844) + (sections?.height ?? 0)).toBeLessThan(0.46 * 844)
})

test('a chart fills its box, and its columns can be seen', async ({ as }) => {
  const slug = credentials('tenant_admin').tenant ?? ''
  for (const width of [390, 1440, 1920]) {
    const page = await as('operator')
    await page.setViewportSize({ width, height: 900 })
    await page.goto(`/tenants/${slug}/usage`)
    const box = await page.locator('.c-chart__plot').first().boundingBox()
    const drawing = await page.locator('.c-chart__plot svg:visible').first().boundingBox()
    expect(Math.abs((box?.height ?? 0) - (drawing?.height ?? 99)), `${width} px`).toBeLessThan(4)
    const bar = await page.locator('svg:visible path[data-value]:not([data-value="0"])').first().boundingBox()
    expect(bar?.width).toBeGreaterThan(4)
  }
})
