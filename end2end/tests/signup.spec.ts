/** Self-service sign-up (R144): an operator makes a page, a visitor comes by it and runs a tenant at the end. */
import type { Browser, Page } from '@playwright/test'
import { address } from '../fixtures/server.ts'
import { expect, expectAccessible, MailCatcher, test, unique } from '../fixtures/index.ts'

const PASSWORD = 'correct horse battery'

interface Made {
  name: string
  slug: string
}

/** Makes a sign-up page through the form; the rest of its fields stays as offered. */
async function makePage(page: Page, more: { approval?: boolean; colour?: string } = {}): Promise<Made> {
  const word = unique()
  const made = { name: `Voice ${word}`, slug: `voice-${word}` }
  await page.goto('/signup-pages/new')
  await page.getByLabel('Name', { exact: true }).fill(made.name)
  await page.getByLabel('Greeting (optional)').fill('Welcome.\nGood that you are here.')
  if (more.colour) await page.getByLabel('Colour').selectOption(more.colour)
  if (more.approval) await page.getByRole('checkbox', { name: 'An operator approves each of them' }).check()
  await page.getByRole('button', { name: 'Create page' }).click()
  await expect(page.getByRole('heading', { level: 1, name: made.name })).toBeVisible()
  await expect(page).toHaveURL(`/signup-pages/${made.slug}`)
  return made
}

/** Fills in the form and is told to look into the mailbox. */
async function register(page: Page, made: Made, organisation: string, email: string): Promise<void> {
  await page.goto(`/join/${made.slug}`)
  await page.getByLabel('Name of your organisation').fill(organisation)
  await page.getByLabel('Your name').fill('Nia Novak')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible()
}

/** The link of the mail to this address. */
async function link(catcher: MailCatcher, email: string): Promise<string> {
  const found = () => catcher.mails.map((mail) => (mail.to === email ? /http\S+\/join\/[\w-]+\/[\w-]+/.exec(mail.text)?.[0] : undefined)).find(Boolean)
  await expect.poll(() => Boolean(found()), { timeout: 20_000 }).toBe(true)
  return found()!
}

async function visitor(browser: Browser, options: { javaScriptEnabled?: boolean; viewport?: { width: number; height: number } } = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: address, ...options })
  return context.newPage()
}

async function enter(page: Page, email: string, organisation: string): Promise<void> {
  await page.getByRole('link', { name: `Go to ${organisation}` }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/\/tenants\/[\w-]+$/)
  await expect(page.getByRole('heading', { level: 1, name: organisation })).toBeVisible()
}

// One mail server at a time on its port.
test.describe.serial('sign-up', () => {
  let catcher: MailCatcher
  test.beforeEach(async () => {
    catcher = await MailCatcher.start()
  })
  test.afterEach(() => catcher.stop())

  test('a visitor registers, follows the mail, chooses a password and lands in the new tenant', async ({ as, browser }) => {
    const operator = await as('operator')
    const made = await makePage(operator, { colour: 'Rose' })
    await expectAccessible(operator)
    const [word, organisation] = [unique(), `Acme ${unique()}`]
    const email = `nia-${word}@example.com`
    const page = await visitor(browser)

    await test.step('what is wrong is said beside its field', async () => {
      await page.goto(`/join/${made.slug}`)
      await expect(page.getByText('Good that you are here.')).toBeVisible()
      await expectAccessible(page)
      await page.getByLabel('E-mail').fill('nobody')
      await page.getByRole('button', { name: 'Sign up' }).click()
      await expect(page.getByRole('alert')).toContainText('There are 3 problems')
      await expect(page.getByLabel('E-mail')).toHaveValue('nobody')
      await expectAccessible(page)
    })

    await test.step('the answer tells nothing, the mail leads on', async () => {
      await register(page, made, organisation, email)
      await expectAccessible(page)
      const url = await link(catcher, email)
      expect(url.startsWith(address)).toBe(true)
      const mail = catcher.mails.find((one) => one.to === email)!
      expect(mail.text).toContain(made.name)
      expect(mail.text).not.toContain(organisation)
      await page.goto(url)
      await expect(page.getByText(email)).toBeVisible()
      await expectAccessible(page)
    })

    await test.step('a password is chosen, the page follows the work by itself', async () => {
      await page.getByLabel('Password', { exact: true }).fill('short')
      await page.getByRole('button', { name: 'Set up my organisation' }).click()
      await expect(page.getByText(/12 characters/).first()).toBeVisible()
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Set up my organisation' }).click()
      await expect(page.getByRole('heading', { level: 2, name: 'Ready' })).toBeVisible({ timeout: 60_000 })
      await expectAccessible(page)
      await enter(page, email, organisation)
    })

    await test.step('the operator sees who came', async () => {
      await operator.goto(`/signup-pages/${made.slug}`)
      await expect(operator.getByRole('row', { name: new RegExp(organisation) })).toContainText('Ready')
      await expectAccessible(operator)
      await operator.goto('/signup-pages')
      await expect(operator.getByRole('row', { name: new RegExp(made.name) })).toContainText('1 of 20')
      await expectAccessible(operator)
    })
  })

  test('the whole way without a script, on a phone', async ({ as, browser }) => {
    const made = await makePage(await as('operator'))
    const organisation = `Plain ${unique()}`
    const email = `plain-${unique()}@example.com`
    const page = await visitor(browser, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } })
    await register(page, made, organisation, email)
    await page.goto(await link(catcher, email))
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Set up my organisation' }).click()
    await expect(async () => {
      // Reloading is enough; the link on the page does the same.
      await page.reload()
      await expect(page.getByRole('heading', { level: 2, name: 'Ready' })).toBeVisible({ timeout: 500 })
    }).toPass({ timeout: 60_000 })
    const widths = await page.locator('html').evaluate((html) => [html.scrollWidth, html.clientWidth])
    expect(widths[0]).toBeLessThanOrEqual(widths[1]!)
    await enter(page, email, organisation)
  })

  test('an operator approves, and a closed page takes in nobody', async ({ as, browser }) => {
    const operator = await as('operator')
    const made = await makePage(operator, { approval: true })
    const organisation = `Asked ${unique()}`
    const email = `asked-${unique()}@example.com`
    const page = await visitor(browser)
    await register(page, made, organisation, email)
    const url = await link(catcher, email)
    await page.goto(url)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Set up my organisation' }).click()
    await expect(page.getByRole('heading', { level: 2, name: 'Waiting for approval' })).toBeVisible()
    await expectAccessible(page)

    await operator.goto(`/signup-pages/${made.slug}`)
    await operator.getByRole('row', { name: new RegExp(organisation) }).getByRole('link', { name: 'See it' }).click()
    await operator.getByRole('button', { name: 'Approve' }).click()
    await expect(async () => {
      await page.goto(url)
      await expect(page.getByRole('heading', { level: 2, name: 'Ready' })).toBeVisible({ timeout: 500 })
    }).toPass({ timeout: 60_000 })

    await operator.goto(`/signup-pages/${made.slug}`)
    await operator.getByRole('button', { name: 'Close' }).click()
    await expect(operator.getByRole('status').filter({ hasText: 'is closed' })).toBeVisible()
    await page.goto(`/join/${made.slug}`)
    await expect(page.getByRole('heading', { name: 'Nobody is taken in at the moment' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Sign up' })).toHaveCount(0)
    await expectAccessible(page)
    // What leads nowhere says so, with no account and no console around it.
    const response = await page.goto(`/join/${made.slug}/guess`)
    expect(response?.status()).toBe(404)
    await expectAccessible(page)
  })
})
