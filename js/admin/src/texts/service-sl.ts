/**
 * What the service and the core say, in Slovenian. They say it in English, with a stable code; what is not here is shown
 * in English.
 */
import { type Pair, RUNS } from "./runs-sl.js";

export { OMISSIONS, type Pair, RULES } from "./runs-sl.js";

/** For codes whose sentences cannot all be foreseen: less than the service says, which is kept beside it. */
export const GENERAL: Readonly<Record<string, string>> = {
  core_crash: "Jedro se je med delom nepričakovano ustavilo. Zaženite izvoz znova; če se spet ustavi, to sporočite upravljavcu storitve.",
  core_crashes: "Jedro se je pri tem zagonu večkrat nepričakovano ustavilo. Sporočite to upravljavcu storitve.",
  host_failed: "Zagon je prekinila napaka gostitelja storitve.",
  internal: "V storitvi je prišlo do napake. Poskusite znova.",
  malformed: "Storitev zahtevka ni razumela.",
  not_allowed: "Za to nimate pravice. Prosite skrbnika.",
  not_found: "Tega ni več ali nikoli ni bilo.",
  secret_missing: "Skrivnosti s ključem računa ni mogoče prebrati.",
  service_secret: "Skrivnost storitve manjka ali ni ustrezna. Obrnite se na upravljavca storitve.",
  settings: "Nekatere nastavitve niso pravilne.",
  source: "Datoteke ni bilo mogoče prebrati.",
  source_failed: "Vira ni bilo mogoče prebrati do konca.",
  source_item: "Vir je dal zapis, ki ga ni mogoče prebrati.",
  source_missing: "Vira segmenta ni tam, kjer naj bi bil.",
  source_unreadable: "Datoteke vira ni bilo mogoče prebrati.",
  wasm_blocked: "Jedra v tem okolju ni mogoče zagnati.",
  wasm_missing: "Jedra ni bilo mogoče naložiti.",
  wasm_unsupported: "Jedra v tem okolju ni mogoče zagnati.",
};

const LOOK_AT_HOST = "Preverite gostiteljsko ime pod Settings > Developer.";
const SELF_OR_DETACH = "Za vsakega povejte, ali naj se odstrani ali odklopi; odklopljen izvoz ohrani nastavitve in se ne zaganja.";

/**
 * Sentences by the code that they come with: messages, remedies and issues. In a sentence, `{n}`, `{m}` and `{k}` are
 * numbers, and what begins with `said` is a sentence of the service itself.
 */
export const SAID: Readonly<Record<string, readonly Pair[]>> = {
  // What may not be done, and what is not there.
  not_authenticated: [
    ["The request does not say who calls, or its token is not valid any more.", "Zahtevek ne pove, kdo kliče, ali pa njegov žeton ne velja več."],
    ["Send a token of this service as Authorization: Bearer, or sign in.", "Prijavite se znova."],
  ],
  not_text: [
    ["This is a workbook or an archive, not CSV or NDJSON.", "To je delovni zvezek ali arhiv, ne CSV ali NDJSON."],
    ["Save it as CSV in UTF-8 (in Excel: CSV UTF-8), and upload that file.", "Shranite ga kot CSV v UTF-8 (v Excelu: CSV UTF-8) in naložite to datoteko."],
    ["This is no text in UTF-8: it holds a NUL byte.", "To ni besedilo v UTF-8: vsebuje ničelni bajt."],
    ["Save it as CSV or NDJSON in UTF-8, and upload that file.", "Shranite ga kot CSV ali NDJSON v UTF-8 in naložite to datoteko."],
  ],
  not_active: [["Your user is not active.", "Vaš uporabnik ni aktiven."]],
  other_origin: [
    ["The request comes from a page of another origin.", "Zahtevek prihaja s strani drugega izvora."],
    ["Use the service's own page, or a program.", "Uporabite stran same storitve ali program."],
  ],
  not_allowed: [
    ["Ask an administrator.", "Prosite skrbnika."],
    ["You may not see the settings of connections.", "Nastavitev povezav ne smete videti."],
    ["You may not make connections.", "Povezav ne smete delati."],
    ["You may not rotate the service's secret.", "Skrivnosti storitve ne smete zamenjati."],
    ["You may not manage webhooks.", "Spletnih obvestil ne smete upravljati."],
    ["You may not see the first profiles of a segment that is not uploaded.", "Prvih profilov segmenta, ki ni naložen, ne smete videti."],
    ["You may not see exports.", "Izvozov ne smete videti."],
    ["You may not make exports.", "Izvozov ne smete delati."],
    ["You may not make this export.", "Tega izvoza ne smete narediti."],
    ["You may not run exports.", "Izvozov ne smete zaganjati."],
    ["You may not run this export.", "Tega izvoza ne smete zagnati."],
    ["You may not change this export.", "Tega izvoza ne smete spreminjati."],
    ["You may not run or cancel this export.", "Tega izvoza ne smete ne zagnati ne preklicati."],
    ["You may not open the rejected profiles of this export.", "Zavrnjenih profilov tega izvoza ne smete odpreti."],
    ["You may not say that the source was refreshed.", "Osvežitve vira ne smete sporočati."],
    ["You may not see runs.", "Zagonov ne smete videti."],
    ["You may not see segments.", "Segmentov ne smete videti."],
    ["You may not change segments.", "Segmentov ne smete spreminjati."],
    ["You may not change this segment, since an export that you may not change contains it.", "Tega segmenta ne smete spreminjati, ker ga vsebuje izvoz, ki ga ne smete spreminjati."],
    ["You may not manage users and tokens.", "Uporabnikov in žetonov ne smete upravljati."],
    ["You may not read the audit log.", "Dnevnika ne smete brati."],
  ],
  not_found: [
    ["Look at the list of those there are.", "Poglejte na seznam tega, kar je."],
    ["There is no such connection.", "Te povezave ni."],
    ["There is no such segment.", "Tega segmenta ni."],
    ["There is no such export.", "Tega izvoza ni."],
    ["There is no such run.", "Tega zagona ni."],
    ["There is no such user.", "Tega uporabnika ni."],
    ["There is no such token.", "Tega žetona ni."],
    ["There is no such webhook.", "Tega spletnega obvestila ni."],
    ["There is no such record.", "Tega zapisa ni."],
    ["There is nothing here.", "Tukaj ni ničesar."],
    ["Look at /openapi.json.", "Kaj je na voljo, je opisano v /openapi.json."],
    ["The host does not know ActiveCampaign's API.", "Gostitelj ne pozna vmesnika ActiveCampaign."],
    ["Check the hostname under Settings > Developer.", LOOK_AT_HOST],
  ],
  last_administrator: [
    ["This is the only administrator.", "To je edini skrbnik."],
    ["Make another user an administrator first.", "Najprej naredite skrbnika iz drugega uporabnika."],
  ],

  // What was changed, is in use, or is being worked on.
  changed: [
    ["It was changed since you read it.", "Odkar ste to prebrali, se je spremenilo."],
    ["Read it again, and make your change on what it is now.", "Preberite znova in spremenite, kar je tam zdaj."],
  ],
  version: [
    ["The change does not say on what it is made.", "Sprememba ne pove, na čem je narejena."],
    ["The header If-Match is no ETag of this service.", "Glava If-Match ni oznaka ETag te storitve."],
    ["Read the record, and send its ETag as If-Match.", "Preberite zapis znova in spremembo ponovite."],
  ],
  busy: [
    ["Too many changes were made at once.", "Naenkrat je bilo preveč sprememb."],
    ["The run changes too quickly.", "Zagon se prehitro spreminja."],
    ["Try again.", "Poskusite znova."],
  ],
  in_use: [
    ["Exports use this connection.", "To povezavo uporabljajo izvozi."],
    ["Say for each whether it is to be removed or detached; a detached one keeps its configuration and does not run.", SELF_OR_DETACH],
    ["Exports contain this segment.", "Ta segment je v izvozih."],
    ["Take it out of them first.", "Najprej ga odstranite iz njih."],
  ],
  in_progress: [
    ["The same creation is being worked on.", "Isti zapis že nastaja."],
    ["Send it again in a moment.", "Čez trenutek poskusite znova."],
  ],
  idempotency_key: [
    ["This Idempotency-Key was sent with another request.", "Ta Idempotency-Key je bil poslan z drugim zahtevkom."],
    ["Make a new key for each creation.", "Za vsak nov zapis uporabite nov ključ."],
  ],
  run_in_progress: [
    ["A run of this export is waiting or going.", "Zagon tega izvoza čaka ali že teče."],
    ["A run of this export is in progress.", "Zagon tega izvoza že teče."],
    ["A run reads what was uploaded last.", "Zagon bere zadnje naložene profile."],
    ["The run is still going.", "Zagon še teče."],
    ["Wait for it to end, or cancel it.", "Počakajte, da se konča, ali ga prekličite."],
    ["Another process is working on this run.", "Na tem zagonu dela drug proces."],
    ["Wait for it to end. If it is gone, the run can be taken over a second from now.", "Počakajte, da konča. Če ga ni več, je zagon mogoče prevzeti čez sekundo."],
    ["Wait for it to end. If it is gone, the run can be taken over {n} seconds from now.", "Počakajte, da konča. Če ga ni več, je zagon mogoče prevzeti čez {n} s."],
  ],
  not_running: [
    ["This run has ended.", "Ta zagon se je končal."],
    ["Look at what became of it.", "Poglejte, kaj je nastalo iz njega."],
    ["No run of this export is in progress.", "Noben zagon tega izvoza ne teče."],
  ],
  not_stopped: [
    ["This run has not failed and was not cancelled.", "Ta zagon ni spodletel in ni bil preklican."],
    ["Start a new one.", "Začnite novega."],
  ],
  expired: [
    ["The rejected profiles of this run were removed when their time was over.", "Zavrnjeni profili tega zagona so bili po preteku roka odstranjeni."],
    ["Run the export again.", "Zaženite izvoz znova."],
  ],

  // Requests that the page's own forms should not make, and the service itself.
  settings: [
    ["Some settings are wrong; nothing was saved.", "Nekatere nastavitve niso pravilne; nič ni bilo shranjeno."],
    ["Correct them, and save again.", "Popravite jih in znova shranite."],
    ["Correct them, and send the request again.", "Popravite jih in poskusite znova."],
    ["The request is malformed.", "Zahtevek ni pravilno oblikovan."],
    ["{n} settings are wrong. The first: {said}", { one: "{n} nastavitev ni pravilna. Prva: {said}", two: "{n} nastavitvi nista pravilni. Prva: {said}", few: "{n} nastavitve niso pravilne. Prva: {said}", other: "{n} nastavitev ni pravilnih. Prva: {said}" }],
    ["Correct the definition; nothing was sent.", "Popravite nastavitve izvoza; nič ni bilo poslano."],
  ],
  malformed: [
    ["The body is not valid JSON.", "Vsebina ni veljaven JSON."],
    ["Correct it, and send it again.", "Popravite in poskusite znova."],
  ],
  too_large: [
    ["The body is larger than {n} bytes.", "Poslanega je preveč naenkrat: največ je {n} B."],
    ["Send less at once.", "Pošljite manj naenkrat."],
    ["The profiles are more than {n} bytes.", "Profilov je preveč: datoteka sme imeti največ {n} B."],
    ["Split them into several segments.", "Razdelite jih na več segmentov."],
    ["The segments have {n} profiles together; an export carries {m}. If that many are read, its runs are skipped: take segments out, or spread them over several exports.", "Profilov v segmentih je skupaj {n}; izvoz jih prenese največ {m}. Če jih bo prebranih toliko, bodo zagoni preskočeni: odstranite segmente ali jih razdelite na več izvozov."],
    ["The segments have {n} profiles; an export carries {m}. Its runs will be skipped.", "Profilov v segmentih je {n}; izvoz jih prenese največ {m}. Zagoni bodo preskočeni."],
    ["The segments have {n} profiles; an export carries {m}. Nothing was sent.", "Profilov v segmentih je {n}; izvoz jih prenese največ {m}. Nič ni bilo poslano."],
    ["The segments have more than {n} profiles, the most that an export carries; {m} were read when that was seen. {k} of this segment had been delivered by then; the rest was not sent.", "Profilov v segmentih je več kot {n}, kolikor jih izvoz največ prenese; ko se je to pokazalo, jih je bilo prebranih {m}. Iz tega segmenta jih je bilo do takrat dostavljenih {k}; drugi niso bili poslani."],
    ["The segments have more than {n} profiles, the most that an export carries; {m} were read when that was seen. None of this segment was delivered; the rest was not sent.", "Profilov v segmentih je več kot {n}, kolikor jih izvoz največ prenese; ko se je to pokazalo, jih je bilo prebranih {m}. Iz tega segmenta ni bil dostavljen noben; drugi niso bili poslani."],
    ["Take segments out, or spread them over several exports.", "Odstranite segmente ali jih razdelite na več izvozov."],
    ["Take segments out, or spread them over several exports. Say how many members a segment has, and such a run is refused before it begins.", "Odstranite segmente ali jih razdelite na več izvozov. Če pri segmentu vpišete število članov, se tak zagon zavrne, še preden se začne."],
    ["The definition is larger than 1 MiB.", "Nastavitve izvoza so večje od 1 MiB."],
  ],
  too_deep: [
    ["The body is nested deeper than {n} levels.", "Vsebina je pregloboko ugnezdena: največ ravni je {n}."],
    ["Send what the interface describes: /openapi.json.", "Kaj je dovoljeno, je opisano v /openapi.json."],
  ],
  media_type: [
    ["The body is not of the type that is asked for.", "Vsebina ni vrste, ki se pričakuje."],
    ["The body is missing, or not of the type that is asked for.", "Vsebina manjka ali ni vrste, ki se pričakuje."],
  ],
  method: [["This path does not take this method.", "Ta naslov ne sprejme te metode."]],
  cursor: [
    ["`after` is no place in this list, or in this order of it.", "`after` ni mesto na tem seznamu ali v tem vrstnem redu."],
    ["Send `next` of the page before, with the same order; or begin at the first page.", "Začnite znova pri prvi strani."],
  ],
  internal: [
    ["The service failed.", "V storitvi je prišlo do napake."],
    ["Try again; if it fails again, look at the service's own log.", "Poskusite znova; če spet spodleti, naj upravljavec storitve pogleda v njen dnevnik."],
  ],
  not_available: [
    ["The service could not be reached.", "Storitev ni bila dosegljiva."],
    ["Try again; if it fails again, look at the worker's log.", "Poskusite znova; če spet spodleti, naj upravljavec storitve pogleda v njen dnevnik."],
  ],
  admin_token_missing: [
    ["The worker has no secret \"{name}\" of 32 characters or more, and the service has no user yet.", "Storitev nima skrivnosti \"{name}\" z 32 znaki ali več in še nima nobenega uporabnika."],
    ["Whoever deploys the worker sets it with `wrangler secret put {name}`, and sends it as Authorization: Bearer.", "Upravljavec storitve jo nastavi z ukazom `wrangler secret put {name}` in se z njo prijavi."],
  ],

  // Connections: hostname, key, consent, sharing.
  hostname: [
    ["The hostname is empty.", "Gostiteljsko ime je prazno."],
    ["The hostname is longer than 253 characters.", "Gostiteljsko ime je daljše od 253 znakov."],
    ["The hostname must not have a scheme such as https://.", "Gostiteljsko ime mora biti brez predpone, kot je https://."],
    ["The hostname must not have a user name or password before an @.", "Gostiteljsko ime mora biti brez uporabniškega imena ali gesla pred znakom @."],
    ["The hostname must not have a path.", "Gostiteljsko ime mora biti brez poti."],
    ["The hostname must be a name, not an IP address.", "Gostiteljsko ime mora biti ime, ne naslov IP."],
    ["The hostname must not have a port.", "Gostiteljsko ime mora biti brez številke vrat."],
    ["The hostname must be in plain ASCII letters.", "Gostiteljsko ime sme imeti samo črke ASCII, brez šumnikov."],
    ["The hostname must not have spaces or line breaks.", "Gostiteljsko ime mora biti brez presledkov in prelomov vrstic."],
    ["The hostname must be in lower case.", "Gostiteljsko ime mora biti zapisano z malimi črkami."],
    ["The hostname must not end with a dot.", "Gostiteljsko ime se ne sme končati s piko."],
    ["The hostname has a part that is empty, too long or holds a character other than a-z, 0-9 and -.", "Gostiteljsko ime ima del, ki je prazen, predolg ali vsebuje znak, ki ni a–z, 0–9 ali -."],
    ["The hostname must not have an internationalized part (xn--).", "Gostiteljsko ime mora biti brez internacionaliziranih delov (xn--)."],
    ["The hostname must be the account's name followed by .api-us1.com or .activehosted.com.", "Gostiteljsko ime mora biti ime računa, ki mu sledi .api-us1.com ali .activehosted.com."],
    ["The host is not known as ActiveCampaign's. Copy the host of the API URL from Settings > Developer; any other host must be allowed explicitly (allowedHosts).", "To ni znan gostitelj ActiveCampaign. Prepišite gostitelja iz naslova API URL pod Settings > Developer; vsak drug gostitelj mora biti izrecno dovoljen (allowedHosts)."],
    ["The hostname is not valid.", "Gostiteljsko ime ni veljavno."],
    ["Write {host} instead.", "Namesto tega vpišite {host}."],
    ["Copy the host of the API URL from Settings > Developer.", "Prepišite gostitelja iz naslova API URL pod Settings > Developer."],
  ],
  missing: [
    ["It is missing.", "To manjka."],
    ["The connection needs a name that tells its purpose and its target.", "Povezava potrebuje ime, ki pove njen namen in cilj."],
    ["The connection needs the account's key, or the name of a secret.", "Povezava potrebuje ključ računa ali ime skrivnosti."],
    ["Name at least one user, or share with administrators only.", "Izberite vsaj enega uporabnika ali delite samo s skrbniki."],
    ["`mapping.email` is required.", "Izberite stolpec z e-poštnim naslovom."],
    ["`mapping` is required.", "Povežite stolpce s polji."],
    ["`list` is required.", "Izberite seznam."],
    ["`{path}` is required.", "`{path}` je obvezno."],
  ],
  not_a_name: [
    ["The name has more than 100 characters, or a line break.", "Ime ima več kot 100 znakov ali prelom vrstice."],
    ["The export needs a name of at most 100 characters.", "Izvoz potrebuje ime z največ 100 znaki."],
    ["The segment needs a name of at most 100 characters.", "Segment potrebuje ime z največ 100 znaki."],
    ["The user needs a name of at most 200 characters, such as an e-mail address.", "Uporabnik potrebuje ime z največ 200 znaki, na primer e-poštni naslov."],
    ["It has characters that cannot be seen: control characters, line breaks, half letters, or ones that turn the direction of text. Write it without them.", "Besedilo vsebuje nevidne znake: krmilne znake, prelome vrstic, polovične črke ali znake, ki obrnejo smer besedila. Zapišite ga brez njih."],
  ],
  name_taken: [
    ["Another connection has this name. Add its purpose or its target.", "To ime že ima druga povezava. Dodajte njen namen ali cilj."],
    ["Another export has this name.", "To ime že ima drug izvoz."],
    ["Another segment has this name.", "To ime že ima drug segment."],
    ["This user is here already.", "Ta uporabnik je že dodan."],
  ],
  unknown_user: [["There is no such user here.", "Tega uporabnika tu ni."]],
  both: [["Give the key, or the name of a secret, not both.", "Vpišite ključ ali ime skrivnosti, ne obojega."]],
  key_for_host: [["The hostname changes: enter the key of the new account.", "Gostiteljsko ime se spreminja: vpišite ključ novega računa."]],
  by_reference: [["This connection has its key by name. Choose another name, or make a new connection for a typed key.", "Ta povezava ima ključ po imenu. Izberite drugo ime ali za vpisani ključ naredite novo povezavo."]],
  secret_missing: [
    ["The secret \"{name}\" is missing, or may not be read.", "Skrivnosti \"{name}\" ni ali pa se ne sme brati."],
    ["Put the key there under this name, or choose another name for the connection.", "Shranite ključ pod tem imenom ali za povezavo izberite drugo ime."],
    ["The worker has no secret \"{name}\".", "Storitev nima skrivnosti \"{name}\"."],
    ["Whoever deploys the worker sets it with `wrangler secret put {name}`, or corrects the name in the export's connection.key, and starts the export again.", "Upravljavec storitve jo nastavi z ukazom `wrangler secret put {name}` ali popravi njeno ime, nato znova zaženite izvoz."],
  ],
  service_secret: [
    ["Whoever deploys the worker sets it with `wrangler secret put {name}`: 32 random characters or more. Keep a copy; without it the keys that are kept do not open.", "Upravljavec storitve jo nastavi z ukazom `wrangler secret put {name}`: 32 naključnih znakov ali več. Kopijo naj shrani; brez nje se shranjeni ključi ne odprejo."],
  ],
  consent: [
    ["Nothing is saved until you agree to the statement on data privacy and compliance.", "Nič se ne shrani, dokler se ne strinjate z izjavo o zasebnosti in skladnosti."],
    ["Give `values` or `negated`, not both.", "Navedite `values` ali `negated`, ne obojega."],
  ],
  consent_version: [["This is not the statement that is in force. Read the current one, and agree to it.", "To ni veljavna izjava. Preberite trenutno in se strinjajte z njo."]],
  key_missing: [
    ["No key is given.", "Ključ ni vpisan."],
    ["Copy the key from Settings > Developer of the account.", "Prepišite ključ iz računa, pod Settings > Developer."],
  ],
  key_malformed: [
    ["The key holds characters that no key has.", "Ključ vsebuje znake, ki jih noben ključ nima."],
    ["Copy the key again, without blanks or line breaks.", "Prepišite ključ znova, brez presledkov in prelomov vrstic."],
  ],
  key_refused: [
    ["The account refused the key.", "Račun je zavrnil ključ."],
    ["Copy the key again from Settings > Developer of this account; it may have been changed, or belong to another account or to a user without rights. An expired or suspended account refuses its keys too.", "Znova prepišite ključ iz tega računa, pod Settings > Developer; morda je bil spremenjen ali pa pripada drugemu računu ali uporabniku brez pravic. Ključe zavrača tudi račun, ki je potekel ali je začasno ustavljen."],
  ],
  permission: [
    ["The account accepts the key, but not for reading lists.", "Račun sprejme ključ, vendar ne za branje seznamov."],
    ["Give the key's user the right to see lists in the account's groups.", "V skupinah računa dajte uporabniku ključa pravico, da vidi sezname."],
    ["The account accepts the key, but not for reading custom fields.", "Račun sprejme ključ, vendar ne za branje polj po meri."],
    ["Give the key's user the right to see custom fields in the account's groups.", "V skupinah računa dajte uporabniku ključa pravico, da vidi polja po meri."],
    ["The account accepts the key, but not for reading tags.", "Račun sprejme ključ, vendar ne za branje oznak."],
    ["Give the key's user the right to see tags in the account's groups.", "V skupinah računa dajte uporabniku ključa pravico, da vidi oznake."],
  ],
  plan_limit: [
    ["The account's plan does not allow this.", "Paket računa tega ne dovoljuje."],
    ["Check the plan and its contact limit under Settings > Billing.", "Preverite paket in njegovo omejitev stikov pod Settings > Billing."],
  ],
  redirected: [
    ["The host answered with a redirect, which is never followed with a key.", "Gostitelj je odgovoril s preusmeritvijo; s ključem ji nikoli ne sledimo."],
    ["Check the hostname under Settings > Developer: the account may have moved or be suspended.", "Preverite gostiteljsko ime pod Settings > Developer: račun se je morda preselil ali pa je začasno ustavljen."],
  ],
  remote_unavailable: [
    ["The list and the fields could not be checked with the account: {said}", "Seznama in polj ni bilo mogoče preveriti v računu: {said}"],
    ["{said} It was tried {n} times.", "{said} Število poskusov: {n}."],
    ["The host could not be reached.", "Gostitelj ni bil dosegljiv."],
    ["The host did not answer.", "Gostitelj ni odgovoril."],
    ["The host answered with an error.", "Gostitelj je odgovoril z napako."],
    ["The host's answer is not ActiveCampaign's.", "Kar je gostitelj odgovoril, ni odgovor ActiveCampaign."],
    ["Check the hostname and the network, then try again.", "Preverite gostiteljsko ime in omrežje, nato poskusite znova."],
    ["The account has given no usable answer for {n} minutes.", { one: "Račun že {n} minuto ni dal uporabnega odgovora.", two: "Račun že {n} minuti ni dal uporabnega odgovora.", few: "Račun že {n} minute ni dal uporabnega odgovora.", other: "Račun že {n} minut ni dal uporabnega odgovora." }],
    ["Check the hostname and ActiveCampaign's status page, then run the export again.", "Preverite gostiteljsko ime in stran ActiveCampaign o stanju delovanja, nato zaženite izvoz znova."],
    ["The account could not be read.", "Računa ni bilo mogoče prebrati."],
  ],
  rate_limited: [
    ["The account has answered \"too many requests\" for {n} minutes.", { one: "Račun že {n} minuto odgovarja, da je zahtevkov preveč.", two: "Račun že {n} minuti odgovarja, da je zahtevkov preveč.", few: "Račun že {n} minute odgovarja, da je zahtevkov preveč.", other: "Račun že {n} minut odgovarja, da je zahtevkov preveč." }],
    ["Find the other integrations that use this account's 5 requests a second, then run the export again.", "Poiščite druge integracije, ki porabljajo 5 zahtevkov tega računa na sekundo, nato zaženite izvoz znova."],
  ],
  sealed: [
    ["What is sealed here does not open: the service has another secret now, or the record was changed.", "Kar je zapečateno, se ne odpre: storitev ima zdaj drugo skrivnost ali pa je bil zapis spremenjen."],
    ["Give the service its secret back, or enter the value anew.", "Vrnite storitvi njeno skrivnost ali vpišite vrednost na novo."],
    ["The uploaded profiles do not open: they were changed, or the service has another secret now.", "Naloženi profili se ne odprejo: bili so spremenjeni ali pa ima storitev zdaj drugo skrivnost."],
    ["Upload them again.", "Naložite jih znova."],
  ],
  unknown_word: [
    ["`{path}` must be one of {words}.", "`{path}` mora biti nekaj od tega: {words}."],
    ["Events are {words}.", "Dogodki so {words}."],
  ],
  unknown_key: [
    ["Users are named only where `with` is \"users\".", "Uporabniki se navedejo samo, kadar je `with` enako \"users\"."],
    ["Unknown setting `{key}`.", "Neznana nastavitev `{key}`."],
  ],
  unrecognized_keys: [["Unknown setting `{key}`. Did you mean `{meant}`?", "Neznana nastavitev `{key}`. Ste mislili `{meant}`?"]],

  // Exports: name, connection, list, segments, schedule.
  unknown_connection: [["There is no such connection, or you may not use it. Ask an administrator to share one with you.", "Te povezave ni ali pa je ne smete uporabljati. Prosite skrbnika, naj jo deli z vami."]],
  detached: [
    ["The export has no connection.", "Izvoz nima povezave."],
    ["Choose one for it.", "Izberite mu jo."],
    ["The export has no connection any more.", "Izvoz nima več povezave."],
    ["Choose one for it, and run it again.", "Izberite mu jo in ga znova zaženite."],
  ],
  segments: [["Choose one to {n} segments.", "Izberite od enega do {n} segmentov."]],
  segment_twice: [["This segment is there already.", "Ta segment je že izbran."]],
  unknown_segment: [["There is no segment of this id or name.", "Segmenta s to oznako ali imenom ni."]],
  unknown_export: [["There is no such other export.", "Takega drugega izvoza ni."]],
  circle: [["These exports would wait for each other for ever.", "Ti izvozi bi v nedogled čakali drug na drugega."]],
  contact_limit: [["The account's plan includes {n} contacts and has {m}; with these {k} profiles, less those it knows already, it may not suffice.", "Paket računa dovoljuje največ stikov: {n}; zdaj jih je v računu {m}. S temi profili ({k}, brez tistih, ki jih račun že pozna) morda ne bo zadoščal."]],
  unknown_list: [
    ["The account has no list {id}. {said}", "Račun nima seznama {id}. {said}"],
    ["It has {n} lists, such as {names}.", "Vseh seznamov je {n}, med njimi {names}."],
    ["The account shows no list to this key.", "Temu ključu račun ne pokaže nobenega seznama."],
    ["It has {names}.", "Ima {names}."],
  ],
  static_segment: [["The segment \"{name}\" is static: it may still hold people who were deleted upstream.", "Segment \"{name}\" je statičen: morda še vsebuje ljudi, ki so bili v viru izbrisani."]],
  inactive_segment: [["The segment \"{name}\" is inactive: it may still hold people who were deleted upstream.", "Segment \"{name}\" ni aktiven: morda še vsebuje ljudi, ki so bili v viru izbrisani."]],
  time_zone: [["This is no time zone that this host knows. Use an IANA name such as Europe/Ljubljana.", "Tega časovnega pasu storitev ne pozna. Uporabite ime IANA, na primer Europe/Ljubljana."]],
  times: [["Give one to {n} times of the day.", { one: "Vpišite {n} uro dneva.", two: "Vpišite eno ali dve uri dneva.", few: "Vpišite od ene do {n} ure dneva.", other: "Vpišite od ene do {n} ur dneva." }]],
  time: [["A time is written as 06:30.", "Ura se zapiše kot 06:30."]],
  time_twice: [["This time is there already.", "Ta ura je že vpisana."]],
  days: [
    ["Name at least one day, or leave the days out for every day.", "Izberite vsaj en dan ali pustite dneve prazne za vsak dan."],
    ["A token lives for 1 to {n} days.", "Žeton lahko velja od 1 do {n} dni."],
  ],

  // Data matching.
  empty: [
    ["`{path}` is empty; name a column.", "`{path}` je prazno; izberite stolpec."],
    ["`{path}` is empty.", "`{path}` je prazno."],
    ["`{path}` must be text of at least one character.", "`{path}` mora imeti vsaj en znak."],
  ],
  wrong_type: [
    ["`{path}` must be text.", "`{path}` mora biti besedilo."],
    ["`{path}` must be true or false.", "`{path}` mora biti true ali false."],
  ],
  template: [
    ["`{path}` {said}.", "`{path}` {said}."],
    ["has a } without its {; write }} for the character itself", "ima } brez pripadajočega {; za sam znak zapišite }}"],
    ["has a { that is never closed; write {{ for the character itself", "ima {, ki ni zaključen; za sam znak zapišite {{"],
    ["has a { inside a column's name", "ima { v imenu stolpca"],
    ["has empty braces; name a column in them", "ima prazne zavite oklepaje; vpišite vanje stolpec"],
    ["names no column; write one in braces, like {FirstName}", "ne navaja nobenega stolpca; zapišite ga v zavitih oklepajih, na primer {FirstName}"],
  ],
  value: [
    ["Give a column or a template, not both.", "Navedite stolpec ali predlogo, ne obojega."],
    ["Give a column or a template.", "Navedite stolpec ali predlogo."],
  ],
  too_many: [["At most {n} fields can be mapped.", "Povezati je mogoče največ {n} polj."]],
  duplicate_field: [["The field \"{name}\" is mapped twice.", "Polje \"{name}\" je povezano dvakrat."]],
  unknown_field: [
    ["The account has no custom field \"{name}\".", "Račun nima polja po meri \"{name}\"."],
    ["The account has no custom field {id}.", "Račun nima polja po meri {id}."],
  ],
  ambiguous_field: [["The account has {n} custom fields like \"{name}\"; name one by `id`: {ids}.", "Račun ima več polj po meri, podobnih \"{name}\" (vseh je {n}); navedite eno z `id`: {ids}."]],
  field: [
    ["Name the custom field by `id` or by `field` (its title), not both.", "Polje po meri navedite z `id` ali s `field` (naslovom), ne z obojim."],
    ["Name the custom field by `id` or by `field` (its title).", "Polje po meri navedite z `id` ali s `field` (naslovom)."],
  ],
  account_needed: [
    ["This field is named by its title; pass the account, or name the field by `id`.", "To polje je navedeno z naslovom; izberite povezavo, da se prebere račun."],
    ["`dateOrder` needs the field's type: pass the `account`.", "Za vrstni red datuma je treba poznati vrsto polja; izberite povezavo, da se prebere račun."],
  ],
  not_an_id: [["`{path}` must be a whole number above zero.", "`{path}` mora biti celo število, večje od nič."]],
  not_a_percentage: [["`{path}` must be a whole number from 0 to 100.", "`{path}` mora biti celo število od 0 do 100."]],
  unknown_column: [
    ["The source has no column \"{name}\". It has: {names}.", "Vir nima stolpca \"{name}\". Ima: {names}."],
    ["In the segment \"{name}\": {said}", "V segmentu \"{name}\": {said}"],
  ],
  ambiguous_column: [["The source has two columns named \"{name}\" (columns {n} and {m}); rename one of them.", "Vir ima dva stolpca z imenom \"{name}\" (stolpca {n} in {m}); enega preimenujte."]],
  no_header: [["The first line holds an e-mail address instead of column names. Add a line with the names of the columns.", "V prvi vrstici je e-poštni naslov namesto imen stolpcev. Dodajte vrstico z imeni stolpcev."]],

  // What any value of a form must be.
  too_small: [
    ["It must not be empty.", "To ne sme biti prazno."],
    ["It must have an entry.", "Vsebovati mora vsaj en vnos."],
    ["It must be at least {n}.", "Vrednost mora biti najmanj {n}."],
    ["It must have at least {n} letters.", "Najmanjše število znakov je {n}."],
    ["It must have at least {n} entries.", "Najmanjše število vnosov je {n}."],
  ],
  too_big: [
    ["It must be at most {n}.", "Vrednost sme biti največ {n}."],
    ["It must have at most {n} letters.", "Največje število znakov je {n}."],
    ["It must have at most {n} entries.", "Največje število vnosov je {n}."],
  ],
  invalid_type: [
    ["It must be text.", "To mora biti besedilo."],
    ["It must be a number.", "To mora biti število."],
    ["It must be a whole number.", "To mora biti celo število."],
    ["It must be true or false.", "To mora biti true ali false."],
    ["It must be a list.", "To mora biti seznam."],
    ["It must be an object.", "To mora biti objekt."],
    ["A connection needs consent to the privacy statement: GET /api/me has its text and version; send \"consent\": { \"agreed\": true, \"version\": \"...\" }.", "Povezava potrebuje soglasje k izjavi o zasebnosti."],
  ],
  invalid_union: [
    ["It must be { \"file\": \"NAME\" }, { \"url\": \"https://...\" }, { \"upload\": true } or { \"r2\": \"KEY\" }.", "Povejte, kje se segment prebere: datoteka, naslov https, nalaganje ali predmet v vedru."],
    ["It has none of the forms that it may have: see /reference of the service, or the schemas that `pull` writes.", "To nima nobene od dovoljenih oblik; opisane so na naslovu /reference."],
  ],

  ...RUNS,
};

/** The privacy statement as the service brings it; an operator's own text is shown as it is. */
export const PRIVACY: Pair = [
  "By connecting, you let this service send data to ActiveCampaign, outside the boundary within which it is kept now, including data that may be sensitive, such as personal data. It is sent on your instruction. You are responsible for having obtained consent to use any data, and for ActiveCampaign meeting any privacy or security obligations you may have. An administrator can remove this connection at any time and with that stop the transfer.",
  "S povezavo dovoljujete, da ta storitev pošilja podatke v ActiveCampaign, zunaj meja, znotraj katerih se hranijo zdaj, tudi podatke, ki so lahko občutljivi, na primer osebne podatke. Pošiljajo se po vašem naročilu. Odgovorni ste, da ste pridobili soglasje za uporabo podatkov in da ActiveCampaign izpolnjuje vse vaše obveznosti glede zasebnosti in varnosti. Skrbnik lahko to povezavo kadar koli odstrani in s tem ustavi prenos.",
];
