import type { Page } from '@playwright/test'
import { createTenant, expect, expectAccessible, test, unique, type Tenant } from '../fixtures/index.ts'

const bar = (page: Page) => page.getByRole('region', { name: 'Bulk actions' })
const outcomes = (page: Page) => page.getByRole('table', { name: 'Tenants of the set' })

/** Two tenants that one search finds, and nobody else. */
async function pair(page: Page): Promise<{ word: string; tenants: Tenant[] }> {
  const word = `Bulk${unique()}`
  return { word, tenants: [await createTenant(page, word), await createTenant(page, word)] }
}

async function listed(page: Page, word: string): Promise<void> {
  await page.goto(`/tenants?q=${word}&select=on`)
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader')).toHaveCount(2)
}

/** The page of the operation, read anew until it says this. */
async function ends(page: Page, heading: string): Promise<void> {
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('heading', { level: 2, name: heading })).toBeVisible({ timeout: 500 })
  }).toPass({ timeout: 20_000 })
}

test('two are ticked, previewed, confirmed by their number, and each has its outcome', async ({ as }) => {
  const page = await as('operator')
  const { word, tenants } = await pair(page)
  await listed(page, word)
  await expect(bar(page)).toBeHidden()
  for (const { name } of tenants) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await expect(bar(page)).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: '2 on this page selected' })).toBeAttached()
  await expectAccessible(page)
  await page.getByRole('checkbox', { name: 'Select all on this page' }).uncheck()
  await expect(bar(page)).toBeHidden()
  await page.getByRole('checkbox', { name: 'Select all on this page' }).check()

  await bar(page).getByRole('button', { name: 'Suspend…' }).click()
  await expect(page.getByText('2 tenants ticked in the list.')).toBeVisible()
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('alert').getByRole('link')).toHaveCount(2)
  await expectAccessible(page)
  await page.getByRole('radio', { name: 'Inactivity' }).check()
  await page.getByRole('radio', { name: 'Read-only' }).check()
  await page.getByRole('button', { name: 'Preview' }).click()

  await expect(page.getByRole('heading', { level: 1, name: 'Preview: Suspend 2 tenants' })).toBeVisible()
  await expect(outcomes(page).getByText('Reached')).toHaveCount(2)
  await expect(page.getByText('It is not undone as a whole')).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel('Reason').fill('Nobody has been there for a year.')
  await page.getByLabel('Type 2 to confirm').fill('3')
  const refused = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.getByRole('button', { name: 'Suspend 2 tenants' }).click()
  expect((await refused).status()).toBe(422)
  await expect(page.getByLabel('Type 2 to confirm')).toHaveValue('3')
  await expect(page.getByLabel('Reason')).toHaveValue('Nobody has been there for a year.')
  const preview = page.url()
  await page.getByLabel('Type 2 to confirm').fill('2')
  await page.getByRole('button', { name: 'Suspend 2 tenants' }).click()

  await expect(page.getByRole('heading', { level: 1, name: 'Bulk suspension of 2 tenants' })).toBeVisible()
  await ends(page, 'It is done')
  await expect(outcomes(page).getByText('Done')).toHaveCount(2)
  await expectAccessible(page)
  await page.getByRole('navigation', { name: 'Outcomes' }).getByRole('link', { name: /^Done/ }).click()
  await expect(page).toHaveURL(/outcome=done/)
  await expect(outcomes(page).getByRole('rowheader')).toHaveCount(2)
  const operation = new URL(page.url()).pathname
  // Confirmed, the preview is its operation.
  await page.goto(preview)
  await expect(page).toHaveURL(new RegExp(`${operation}$`))
  // Again there is nobody to do it to, and the page says why.
  await listed(page, word)
  await page.getByRole('checkbox', { name: `Select ${tenants[0]?.name}` }).check()
  await bar(page).getByRole('button', { name: 'Suspend…' }).click()
  await page.getByRole('radio', { name: 'Inactivity' }).check()
  await page.getByRole('radio', { name: 'Blocked' }).check()
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('heading', { name: 'None of them can be suspended' })).toBeVisible()
  await expect(outcomes(page).getByText('It is suspended already.')).toBeVisible()
})

test('all that match are the filter, not ids, and whoever changes before its turn is left out', async ({ as }) => {
  const page = await as('operator')
  const { word, tenants } = await pair(page)
  await listed(page, word)
  await page.getByRole('checkbox', { name: `Select ${tenants[0]?.name}` }).check()
  await bar(page).getByRole('radio', { name: 'All 2 that match' }).check()
  await bar(page).getByRole('button', { name: 'Suspend…' }).click()
  await expect(page.getByText(`All that match on all pages of the list, now 2 tenants. Search: ${word}.`)).toBeVisible()
  await page.getByRole('radio', { name: 'Customer request' }).check()
  await page.getByRole('radio', { name: 'Blocked' }).check()
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Preview: Suspend 2 tenants' })).toBeVisible()
  // Meanwhile one of them moves to another plan, elsewhere.
  const other = await page.context().newPage()
  await other.goto(`/tenants/${tenants[1]?.slug}/plan?plan=enterprise`)
  await other.getByRole('button', { name: 'Change to Enterprise', exact: true }).click()
  await expect(other.getByText('is on the enterprise plan now')).toBeVisible()
  await page.getByLabel('Reason').fill('They asked for it.')
  await page.getByLabel('Type 2 to confirm').fill('2')
  await page.getByRole('button', { name: 'Suspend 2 tenants' }).click()
  await ends(page, 'It is done')
  await expect(page.getByText('1 done, 1 skipped.', { exact: true })).toBeVisible()
  await expect(outcomes(page).getByText(/changed its plan on .* Nothing was done\./)).toBeVisible()
})

test('many are given an owner, and tagged; who has it already is left out', async ({ as }) => {
  const page = await as('operator')
  const { word, tenants } = await pair(page)
  await listed(page, word)
  for (const { name } of tenants) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await bar(page).getByRole('button', { name: 'Set owner…' }).click()
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('alert').getByText('Choose an owner.')).toBeVisible()
  await expectAccessible(page)
  const owner = page.getByLabel('New owner')
  // “Choose” and “Nobody” come first.
  await owner.selectOption({ index: 2 })
  const id = await owner.inputValue()
  const name = ((await owner.locator('option:checked').textContent()) ?? '').replace(/ \(.*\)$/, '')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Preview: Give 2 tenants to ${name}` })).toBeVisible()
  await page.getByLabel('Reason').fill('The region has a new owner.')
  await page.getByRole('button', { name: `Give 2 tenants to ${name}` }).click()
  await ends(page, 'It is done')
  await expect(outcomes(page).getByText('Done')).toHaveCount(2)
  // The filter by owner finds both.
  await page.goto(`/tenants?q=${word}&owner=${id}&select=on`)
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader')).toHaveCount(2)

  await page.getByRole('checkbox', { name: `Select ${tenants[0]?.name}` }).check()
  await bar(page).getByRole('button', { name: 'Set owner…' }).click()
  await page.getByLabel('New owner').selectOption(id)
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(outcomes(page).getByText(`${name} is its owner already.`)).toBeVisible()

  await listed(page, word)
  for (const { name } of tenants) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await bar(page).getByRole('button', { name: 'Change tags…' }).click()
  await page.getByLabel('Add tags (optional)').fill(word)
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByLabel('Reason').fill('To find them again.')
  await page.getByRole('button', { name: `Tag 2 tenants with ${word.toLowerCase()}` }).click()
  await ends(page, 'It is done')
  await page.goto(`/tenants?tag=${word.toLowerCase()}`)
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader')).toHaveCount(2)
})

test('on a phone and by keyboard the bar is within reach', async ({ as }) => {
  const page = await as('operator')
  const { word, tenants } = await pair(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await listed(page, word)
  const box = page.getByRole('checkbox', { name: `Select ${tenants[0]?.name}` })
  await box.focus()
  await page.keyboard.press('Space')
  await expect(box).toBeChecked()
  await expect(bar(page)).toBeInViewport()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await bar(page).getByRole('button', { name: 'Change plan…' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('radio', { name: 'Enterprise' })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})

test('who may not work on many has no boxes, and a preview that is not there says so', async ({ as }) => {
  const success = await as('success')
  await success.goto('/tenants?select=on')
  await expect(success.getByRole('table', { name: 'Tenants' }).getByRole('checkbox')).toHaveCount(0)
  expect((await success.goto('/tenants/bulk'))?.status()).toBe(403)
  const page = await as('operator')
  expect((await page.goto('/tenants/bulk/00000000-0000-0000-0000-000000000009'))?.status()).toBe(404)
  await page.goto('/tenants')
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('checkbox')).toHaveCount(0)
  await page.getByRole('link', { name: 'Select', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('checkbox', { name: /^Select (?!all)/ })).toHaveCount(50)
  await page.goto('/tenants/bulk')
  await expect(page.getByRole('heading', { name: 'No tenant is chosen' })).toBeVisible()
})

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false })

  test('two are ticked, moved to another plan, and followed by Refresh', async ({ as }) => {
    const page = await as('operator')
    const { word, tenants } = await pair(page)
    await listed(page, word)
    await expect(page.getByRole('checkbox', { name: 'Select all on this page' })).toHaveCount(0)
    for (const { name } of tenants) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    await bar(page).getByRole('button', { name: 'Change plan…' }).click()
    await page.getByRole('radio', { name: 'Enterprise' }).check()
    await page.getByRole('button', { name: 'Preview' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Preview: Move 2 tenants to Enterprise' })).toBeVisible()
    await expect(page.getByLabel(/^Type/)).toHaveCount(0)
    await page.getByRole('button', { name: 'Move 2 tenants to Enterprise' }).click()
    await expect(page.getByRole('alert').getByText('A reason is needed.')).toBeVisible()
    await page.getByLabel('Reason').fill('The new contract.')
    await page.getByRole('button', { name: 'Move 2 tenants to Enterprise' }).click()
    await ends(page, 'It is done')
    await expect(outcomes(page).getByText('Done')).toHaveCount(2)
  })
})
