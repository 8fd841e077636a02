"""Words by which people look for the same thing, in English and in German: tables are often named in the other one.

A few everyday words of business, for questions that nothing answers as they are asked. Terms of a company stand in its
context files.
"""

from __future__ import annotations

import difflib

from spheresync.mapping.search.folding import words_of

_LIKE = 0.84
_GROUPS = """
    stock inventory bestand lagerbestand warenbestand vorrat inventur
    warehouse lager depot storage
    supplier vendor lieferant kreditor creditor
    customer client kunde debitor debtor
    order bestellung auftrag kundenauftrag
    purchasing procurement einkauf beschaffung
    delivery shipment lieferung versand
    invoice bill rechnung faktura
    payment zahlung
    salary wage payroll gehalt lohn pay entgelt verguetung
    employee staff worker personnel mitarbeiter personal angestellter beschaeftigter
    headcount personalbestand
    absence leave abwesenheit fehlzeit
    vacation holiday urlaub ferien
    applicant candidate bewerber bewerbung
    training course schulung fortbildung weiterbildung
    price preis
    product article material artikel produkt
    revenue sales turnover umsatz erloes
    cost expense kosten aufwand
    account konto
    return refund retoure ruecksendung erstattung
    complaint reklamation beschwerde
    discount rebate rabatt nachlass
    store shop branch filiale laden
    receipt bon beleg quittung
    address adresse anschrift
    contract vertrag
    department abteilung
    position stelle planstelle
    currency waehrung
    exchange wechselkurs umrechnungskurs
    plant factory werk
    tax steuer
    forecast prognose planung
    campaign kampagne
    quantity menge
    amount betrag
    debt receivable forderung
"""


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, _GROUPS.splitlines())):
        group = tuple(words_of(line))
        for word in group:
            found[word] = (*found.get(word, ()), *group)
    return found


_BY_WORD = _by_word()


def synonyms_of(word: str) -> tuple[str, ...]:
    """Other words for a folded one, its own language and the other one mixed; empty where none are known."""
    return tuple(each for each in dict.fromkeys(_BY_WORD.get(word, ())) if each != word)


def synonyms_nearly(word: str) -> tuple[str, ...]:
    """The known word that is spelled nearly as this one, with other words for it."""
    near = difflib.get_close_matches(word, _BY_WORD, n=1, cutoff=_LIKE)
    return tuple(dict.fromkeys(_BY_WORD[near[0]])) if near else ()
