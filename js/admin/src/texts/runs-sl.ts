/** What the service and the core say of profiles, sources and runs, in Slovenian. */
import type { Text } from "../i18n.js";

/** A sentence of the service, `{name}` for what varies in it, and the same in Slovenian. */
export type Pair = readonly [english: string, slovenian: Text];

/** Reason and remedy of every rule by which profiles are rejected. */
export const RULES: Readonly<Record<string, { reason: string; remedy: string }>> = {
  quote_unclosed: { reason: "Vrednost v narekovajih ni zaključena.", remedy: "Zaključite narekovaj ali podvojite narekovaje, ki so del vrednosti." },
  quote_misplaced: { reason: "Za zaključnim narekovajem stoji besedilo.", remedy: "Podvojite narekovaje, ki so del vrednosti." },
  too_few_cells: { reason: "Vrstica ima manj celic kot glava.", remedy: "Dodajte manjkajoče celice ali dajte v narekovaje vrednost, ki vsebuje prelom vrstice." },
  too_many_cells: { reason: "Vrstica ima več celic kot glava.", remedy: "Vrednosti, ki vsebujejo ločilo, dajte v narekovaje." },
  invalid_utf8: { reason: "Zapis ni veljaven UTF-8.", remedy: "Shranite datoteko kot UTF-8." },
  record_too_long: { reason: "Zapis je daljši od 1 MiB.", remedy: "Skrajšajte ga; poiščite narekovaj, ki ni zaključen." },
  invalid_json: { reason: "Vrstica ni veljaven JSON.", remedy: "V vsako vrstico zapišite en objekt JSON." },
  not_an_object: { reason: "Vrstica je JSON, ni pa objekt.", remedy: "V vsako vrstico zapišite en objekt JSON." },
  json_too_deep: { reason: "JSON je ugnezden globlje kot 32 ravni.", remedy: "Objekt poenostavite." },
  value_too_long: { reason: "Povezana vrednost je daljša od 64 KiB.", remedy: "Skrajšajte vrednost ali stolpec izpustite." },
  value_nested: { reason: "Povezana vrednost je objekt ali seznam.", remedy: "Povežite preprosto vrednost." },
  value_surrogate: { reason: "Povezana vrednost vsebuje polovico nadomestnega para.", remedy: "Zapišite besedilo kot veljaven Unicode." },
  value_control: { reason: "Povezana vrednost vsebuje znak NUL.", remedy: "Odstranite ta znak." },
  too_many_tags: { reason: "Profil ima več kot 100 oznak.", remedy: "Povežite manj oznak." },
  email_missing: { reason: "Manjka e-poštni naslov.", remedy: "Dopolnite naslov ali izpustite profil iz segmenta." },
  email_several: { reason: "Celica vsebuje več kot en naslov.", remedy: "Pustite po en naslov na profil." },
  email_display_name: { reason: "Naslov ima prikazno ime ali lomljene oklepaje.", remedy: "Pustite samo naslov." },
  email_mailto: { reason: "Naslov se začne z mailto:.", remedy: "Pustite samo naslov." },
  email_no_at: { reason: "Naslov nima znaka @ ali jih ima več.", remedy: "Popravite naslov." },
  email_too_long: { reason: "Naslov je daljši, kot dovoljuje standard (64 znakov pred @, 254 skupaj).", remedy: "Popravite naslov." },
  email_not_ascii: { reason: "Naslov vsebuje črke zunaj nabora ASCII.", remedy: "Prosite za naslov brez posebnih črk." },
  email_character: { reason: "Naslov vsebuje znak, ki ga ActiveCampaign ne sprejme.", remedy: "Popravite naslov." },
  email_apostrophe: { reason: "Naslov vsebuje opuščaj; po dokumentaciji ActiveCampaign taki naslovi ne delujejo.", remedy: "Prosite za drug naslov ali dodajte stik ročno." },
  email_dots: { reason: "Del pred znakom @ se začne ali konča s piko ali ima dve piki zapored.", remedy: "Popravite naslov." },
  email_domain: { reason: "Domena ni veljavno ime s piko in končnico iz dveh ali več črk.", remedy: "Popravite naslov." },
  duplicate: { reason: "Prejšnji profil ima isti naslov; velja prvi.", remedy: "Združite profila ali pustite, kot je: stik se dostavi enkrat." },
  contact_too_large: { reason: "Že sam stik je večji, kot sme biti en zahtevek (399.999 bajtov).", remedy: "Povežite manj vrednosti ali krajše." },
  refused_by_account: { reason: "ActiveCampaign je zavrnil stik.", remedy: "Popravite vrednost, ki jo navaja." },
  failed_in_import: { reason: "ActiveCampaign pri uvozu navaja naslov kot neuspel, brez razloga: običajno je izključen, nedostavljiv ali odjavljen s tega seznama.", remedy: "Poiščite stik v računu; kdor se je odjavil, se mora znova prijaviti sam." },
};

/** Why a value was left out of a contact that went out all the same. */
export const OMISSIONS: Readonly<Record<string, string>> = {
  phone_unusable: "ni telefonska številka, ki jo je mogoče poklicati (interna številka, črke, premalo ali preveč števk)",
  date_order_unknown: "datum v vrstnem redu, ki v povezovanju podatkov ni določen; izberite vrstni red datuma",
  date_invalid: "ni datum, ki obstaja",
  number_invalid: "ni število",
  option_unknown: "ni ena od možnosti polja v računu",
};

/** See `SAID`, of which this is a part. */
export const RUNS: Readonly<Record<string, readonly Pair[]>> = {
  // Where a segment is read.
  source_url: [
    ["This is no address.", "To ni naslov."],
    ["The address must begin with https://.", "Naslov se mora začeti s https://."],
    ["The address must not have a user name or password.", "Naslov mora biti brez uporabniškega imena in gesla."],
    ["The address must name a public host.", "Naslov mora imeti javnega gostitelja."],
  ],
  source_host: [["Segments may not be read from this host. Ask whoever runs the service to allow it.", "S tega gostitelja se segmenti ne smejo brati. Prosite upravljavca storitve, naj ga dovoli."]],
  source_file: [["This is no file in the folder of sources.", "Te datoteke v mapi virov ni."]],
  source_r2: [["This is no key of an object that a segment may be read from. Keys below {prefix} are the package's own.", "To ni ključ predmeta, iz katerega se sme brati segment. Ključi pod {prefix} so last paketa."]],
  not_here: [
    ["There is no bucket here. Use a file, an address or an upload.", "Tu ni vedra. Uporabite datoteko, naslov ali nalaganje."],
    ["No folder of sources was named when the service was started (--sources).", "Ob zagonu storitve ni bila navedena mapa virov (--sources)."],
    ["There is no folder of files here. Use an object in R2, an address or an upload.", "Tu ni mape z datotekami. Uporabite predmet v R2, naslov ali nalaganje."],
    ["The worker has no bucket (binding SOURCES). Use an address, or ask whoever deploys the worker.", "Storitev nima vedra (vezava SOURCES). Uporabite naslov ali prosite upravljavca storitve."],
    ["This host does not read segments beforehand.", "Ta gostitelj segmentov ne bere vnaprej."],
    ["Take the columns from the source itself.", "Vzemite stolpce iz samega vira."],
  ],
  not_an_upload: [
    ["The profiles of this segment are read from somewhere else.", "Profili tega segmenta se berejo od drugod."],
    ["Set its source to an upload first.", "Najprej izberite, da se segment naloži sem."],
  ],
  no_body: [
    ["The request carries no profiles.", "Zahtevek ne vsebuje profilov."],
    ["Send them as its body, as CSV or NDJSON in UTF-8.", "Naložite jih kot CSV ali NDJSON v UTF-8."],
  ],
  no_profiles: [
    ["The upload is empty.", "Naložena datoteka je prazna."],
    ["Send the profiles as its body, as CSV or NDJSON in UTF-8.", "Naložite profile kot CSV ali NDJSON v UTF-8."],
    ["The source has column names but no profiles.", "Vir ima imena stolpcev, nima pa profilov."],
    ["Check that the segment has members and that its export has finished.", "Preverite, ali ima segment člane in ali se je njegov izvoz iz vira končal."],
  ],
  source_missing: [
    ["The file of the segment \"{name}\" is not in the folder of sources.", "Datoteke segmenta \"{name}\" ni v mapi virov."],
    ["Put it there, and run the export again.", "Postavite jo tja in znova zaženite izvoz."],
    ["Nothing was uploaded for the segment \"{name}\".", "Za segment \"{name}\" ni bilo naloženo nič."],
    ["Upload its profiles (PUT /api/segments/ID/profiles), and run the export again.", "Naložite njegove profile in znova zaženite izvoz."],
    ["The segment has no name that an upload could have.", "Segment nima imena, ki bi ga lahko imela naložena datoteka."],
    ["Make the segment anew.", "Naredite segment na novo."],
    ["Segment \"{name}\": {said}", "Segment \"{name}\": {said}"],
  ],
  source_unreadable: [
    ["The file \"{name}\" could not be read: it is no plain file.", "Datoteke \"{name}\" ni bilo mogoče prebrati: to ni navadna datoteka."],
    ["The file \"{name}\" could not be read: the service may not read it, or it is gone.", "Datoteke \"{name}\" ni bilo mogoče prebrati: storitev je ne sme brati ali pa je ni več."],
    ["Put a CSV or NDJSON file that the service may read in the folder of sources, and run the export again.", "V mapo virov postavite datoteko CSV ali NDJSON, ki jo storitev sme brati, in znova zaženite izvoz."],
  ],
  source_failed: [
    ["The source could not be read.", "Vira ni bilo mogoče prebrati."],
    ["Make it readable where the segment says, and try again.", "Poskrbite, da ga bo mogoče brati tam, kjer pravi segment, in poskusite znova."],
    ["The source broke off while it was being read.", "Vir se je med branjem prekinil."],
    ["The source broke off before its end.", "Vir se je prekinil pred koncem."],
    ["The source ended after {n} bytes; it had said {m}.", "Vir se je končal po {n} B; napovedal jih je {m}."],
    ["Make the source complete and run the export again. Profiles that were delivered are updated in place.", "Poskrbite za celoten vir in znova zaženite izvoz. Že dostavljeni profili se samo posodobijo."],
    ["Make the source complete and try again.", "Poskrbite za celoten vir in poskusite znova."],
    ["The address of the source is not allowed any more.", "Naslov vira ni več dovoljen."],
    ["The server of the source could not be reached.", "Strežnik vira ni bil dosegljiv."],
    ["The server of the source answered {status}.", "Strežnik vira je odgovoril s {status}."],
    ["Make it readable at its address, and run the export again.", "Poskrbite, da ga bo mogoče brati na njegovem naslovu, in znova zaženite izvoz."],
    ["Make it readable at its address, and start the export again.", "Poskrbite, da ga bo mogoče brati na njegovem naslovu, in znova zaženite izvoz."],
    ["It did not answer in time.", "Vir ni odgovoril pravočasno."],
    ["Its columns are looked at when the export is run.", "Njegovi stolpci se pregledajo ob zagonu izvoza."],
    ["The columns of the segment \"{name}\" could not be looked at: {said}", "Stolpcev segmenta \"{name}\" ni bilo mogoče pregledati: {said}"],
    ["The source is not in its bucket.", "Vira ni v njegovem vedru."],
    ["Put it there, and start the export again.", "Postavite ga tja in znova zaženite izvoz."],
    ["Upload the segment's profiles, and run the export again.", "Naložite profile segmenta in znova zaženite izvoz."],
    ["The worker has no R2 binding \"{name}\".", "Storitev nima vezave R2 \"{name}\"."],
    ["Whoever deploys the worker adds { \"binding\": \"{name}\", \"bucket_name\": \"...\" } to r2_buckets in wrangler.jsonc, and deploys.", "Upravljavec storitve doda { \"binding\": \"{name}\", \"bucket_name\": \"...\" } v r2_buckets v wrangler.jsonc in storitev znova postavi."],
    ["The source is no https address.", "Vir ni naslov https."],
    ["Give an address that begins with https://.", "Vpišite naslov, ki se začne s https://."],
    ["The host of the source's address is not allowed.", "Gostitelj iz naslova vira ni dovoljen."],
    ["Ask whoever deploys the worker to allow it, or read the segment elsewhere.", "Prosite upravljavca storitve, naj ga dovoli, ali preberite segment drugod."],
    ["The address of the source was redirected more than {n} times.", "Naslov vira je bil prevečkrat preusmerjen (največ {n}-krat)."],
    ["Name the address that it leads to in the end.", "Vpišite naslov, do katerega pride na koncu."],
    ["The address of the source was redirected to where a run does not follow: only https, and no private host.", "Naslov vira je bil preusmerjen tja, kamor zagon ne sledi: samo https in ne na zasebnega gostitelja."],
    ["Name the address that it leads to in the end, if it is https and yours to read.", "Vpišite naslov, do katerega pride na koncu, če je https in ga smete brati."],
    ["The source was changed while it was being read.", "Vir se je med branjem spremenil."],
    ["Leave it as it is until the run has ended; to send the new one, start the export anew.", "Do konca zagona ga pustite, kot je; za novega zaženite izvoz na novo."],
  ],
  source_changed: [
    ["The source is not the one that this run began with.", "Vir ni tisti, s katerim se je ta zagon začel."],
    ["Give the run the source it began with, unchanged, or start it anew.", "Dajte zagonu nespremenjen vir, s katerim se je začel, ali začnite novega."],
  ],
  empty_source: [["The source is empty: it has no header and no profile.", "Vir je prazen: nima ne glave ne profilov."]],
  bad_delimiter: [["The delimiter must be an ASCII character, no quote and no line end.", "Ločilo mora biti znak ASCII, ne narekovaj in ne konec vrstice."]],
  utf16: [["The file is UTF-16. Save it as UTF-8.", "Datoteka je v UTF-16. Shranite jo kot UTF-8."]],
  binary: [["The header holds a NUL byte: this is not a text file, or it is UTF-16. Save it as UTF-8 text.", "Glava vsebuje bajt NUL: to ni besedilna datoteka ali pa je v UTF-16. Shranite jo kot besedilo UTF-8."]],
  header_invalid_utf8: [["The header is not valid UTF-8. Save the file as UTF-8.", "Glava ni veljaven UTF-8. Shranite datoteko kot UTF-8."]],
  too_many_columns: [
    ["The header names more than 4,096 columns.", "Glava navaja več kot 4.096 stolpcev."],
    ["The first objects have more than 4,096 different keys.", "Prvi objekti imajo več kot 4.096 različnih ključev."],
  ],
  first_record_too_long: [["The first object is larger than 1 MiB.", "Prvi objekt je večji od 1 MiB."]],
  header_quote: [
    ["Text follows a closing quote in the header.", "V glavi stoji besedilo za zaključnim narekovajem."],
    ["A quote in the header is never closed.", "Narekovaj v glavi ni zaključen."],
  ],
  header_too_long: [["The header is longer than 1 MiB.", "Glava je daljša od 1 MiB."]],
  source: [
    ["{said} (line {n}, column {m})", "{said} (vrstica {n}, stolpec {m})"],
    ["{said} (line {n}, column {m}).", "{said} (vrstica {n}, stolpec {m})"],
    ["Correct the source.", "Popravite vir."],
    ["Correct the source; nothing was sent.", "Popravite vir; nič ni bilo poslano."],
  ],

  // Why a run waits, was skipped or ended.
  source_refreshing: [["The source is being refreshed; the export starts when that is complete.", "Vir se osvežuje; izvoz se začne, ko bo osvežitev končana."]],
  dependency: [["An export that this one starts after has not ended yet.", "Izvoz, za katerim se ta začne, se še ni končal."]],
  previous_run: [
    ["The run before it has not ended yet.", "Prejšnji zagon se še ni končal."],
    ["Nobody has to act.", "Ukrepati ni treba nikomur."],
  ],
  account_busy: [["Another export sends to the same account; they go one after another.", "V isti račun pošilja drug izvoz; vrstijo se drug za drugim."]],
  upstream_failed: [
    ["The refresh of the source failed, so there was nothing new to send.", "Osvežitev vira je spodletela, zato ni bilo ničesar novega za pošiljanje."],
    ["Mend the refresh in the source; the export runs with the next one that completes.", "Odpravite napako osvežitve v viru; izvoz se zažene z naslednjo, ki se konča."],
  ],
  export_removed: [
    ["The export was removed.", "Izvoz je bil odstranjen."],
    ["Nothing is left to do.", "Storiti ni treba ničesar."],
  ],
  connection_changed: [
    ["The export has another connection, or its connection another account, since the run began.", "Odkar se je zagon začel, ima izvoz drugo povezavo ali njegova povezava drug račun."],
    ["Run the export again; this run would send the rest somewhere else.", "Zaženite izvoz znova; ta zagon bi ostanek poslal drugam."],
  ],
  connection_gone: [
    ["The connection of this run leads to another account now.", "Povezava tega zagona zdaj vodi v drug račun."],
    ["The connection of this run was removed.", "Povezava tega zagona je bila odstranjena."],
    ["Choose another for the export, and run it again.", "Izberite izvozu drugo in ga znova zaženite."],
  ],
  segment_missing: [
    ["A segment of the run is gone.", "Enega od segmentov zagona ni več."],
    ["Take it out of the export, or choose another, and run it again.", "Odstranite ga iz izvoza ali izberite drugega in izvoz znova zaženite."],
  ],
  export_user: [
    ["Whoever set up the connection is no administrator any more.", "Kdor je nastavil povezavo, ni več skrbnik."],
    ["Let another administrator take the connection over.", "Povezavo naj prevzame drug skrbnik."],
  ],
  starter_right: [
    ["Whoever started the run or set its schedule may not run this export any more.", "Kdor je začel zagon ali nastavil njegov urnik, tega izvoza ne sme več zaganjati."],
    ["Ask somebody who may to save the export, or to run it.", "Prosite nekoga s to pravico, naj izvoz shrani ali zažene."],
  ],
  cancelled: [
    ["Cancelled.", "Preklicano."],
    ["Run it again when wanted.", "Po želji zaženite znova."],
  ],
  too_many_rejected: [
    ["{n} of {m} profiles were rejected; the definition allows {k} %. Most: {rule}.", "Zavrnjenih profilov: {n} od {m}; nastavitve jih dovoljujejo {k} %. Najpogostejši razlog: {rule}"],
    ["This looks like a wrong column in the mapping, or a broken source: correct it and start the run anew. If the profiles are as they should be, raise `maxRejectedPercent` and run the export again.", "Videti je, da je povezan napačen stolpec ali da je vir pokvarjen: popravite to in začnite zagon na novo. Če so profili takšni, kot morajo biti, zvišajte `maxRejectedPercent` in znova zaženite izvoz."],
  ],
  batches_refused: [
    ["The account refused {n} batches as a whole, and took none in between. It said: {own}", "Račun je v celoti zavrnil zahtevke s stiki (zapored: {n}). Povedal je: {own}"],
    ["The account refused {n} batches as a whole, and took none in between.", "Račun je v celoti zavrnil zahtevke s stiki (zapored: {n})."],
    ["Check the list, the custom fields and the plan's contact limit in the account, then run the export again.", "V računu preverite seznam, polja po meri in omejitev stikov v paketu, nato znova zaženite izvoz."],
  ],
  checkpoint_too_large: [
    ["The state of this run is larger than 1 MiB, so it cannot be kept.", "Stanje tega zagona je večje od 1 MiB, zato ga ni mogoče hraniti."],
    ["Shorten the names of the source's columns, or run without keeping states.", "Skrajšajte imena stolpcev v viru."],
  ],
  taken_over: [
    ["Another process has taken this run over; this one sends nothing more.", "Ta zagon je prevzel drug proces; ta ne pošilja ničesar več."],
    ["Nothing: follow the run where it goes on.", "Nič: spremljajte zagon tam, kjer se nadaljuje."],
  ],
  state_not_stored: [
    ["The state of this run could not be stored, and without it nothing is sent.", "Stanja tega zagona ni bilo mogoče shraniti, brez tega pa se nič ne pošlje."],
    ["Make room where the state is kept, or restore access to it, and run the export again: it goes on.", "Naredite prostor tam, kjer se stanje hrani, ali obnovite dostop do njega in znova zaženite izvoz: nadaljeval se bo."],
    ["Make room where the state is kept, or restore access to it, and run the export again.", "Naredite prostor tam, kjer se stanje hrani, ali obnovite dostop do njega in znova zaženite izvoz."],
  ],
  state_not_loaded: [
    ["The store of this run's state could not be read.", "Shrambe stanja tega zagona ni bilo mogoče prebrati."],
    ["Restore access to it, and run the export again.", "Obnovite dostop do nje in znova zaženite izvoz."],
  ],
  state_unreadable: [
    ["The stored state of this run is damaged.", "Shranjeno stanje tega zagona je poškodovano."],
    ["Start the run anew.", "Začnite zagon na novo."],
    ["Restore the {what} from a copy, or start the run anew.", "Obnovite stanje ({what}) iz kopije ali začnite zagon na novo."],
  ],
  host_failed: [
    ["The host failed in the middle of the run.", "Gostitelj storitve se je sredi zagona ustavil."],
    ["Go on with the run; if it fails again, look at the service's own log.", "Nadaljujte zagon; če spet spodleti, naj upravljavec storitve pogleda v njen dnevnik."],
    ["The run ended by an error of its host ({name}).", "Zagon je prekinila napaka gostitelja storitve ({name})."],
    ["Whoever deploys the worker looks into its log. Started again, the export goes on from where it was.", "Upravljavec storitve naj pogleda v njen dnevnik. Ko izvoz znova zaženete, se nadaljuje, kjer se je ustavil."],
    ["Nothing yet: the run goes on by itself. If it does not get further, whoever deploys the worker looks into its log.", "Zaenkrat nič: zagon se nadaljuje sam. Če ne napreduje, naj upravljavec storitve pogleda v njen dnevnik."],
  ],
};
