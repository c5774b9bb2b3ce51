"""Four plain articles for each topic, written for these tests: a title, then paragraphs."""

PLAIN = {
    "economy": [
        """Rupiah Melemah Tipis, Pasar Menanti Keputusan Suku Bunga
Nilai tukar rupiah ditutup melemah 12 poin terhadap dolar AS pada perdagangan Selasa sore. Pelaku pasar menahan diri menjelang rapat dewan gubernur bank sentral pekan ini.
Analis pasar uang Hendra Wiryawan memperkirakan suku bunga acuan akan ditahan. Inflasi yang terkendali memberi ruang, tetapi arus modal asing masih keluar dari obligasi negara.
Cadangan devisa dinilai cukup untuk menjaga kurs dari gejolak yang berlebihan.""",
        """Harga Cabai Rawit Turun Setelah Panen Raya
Harga cabai rawit merah di pasar induk turun menjadi Rp38.000 per kilogram dari Rp70.000 dua pekan lalu. Pasokan dari petani di lereng gunung kembali lancar.
Pedagang mengaku omzet justru naik karena pembeli berani memborong. Dinas perdagangan mencatat harga bawang merah dan telur ayam ikut turun.
Penurunan harga pangan itu diperkirakan menekan inflasi bulan ini.""",
        """Laba Bersih Emiten Semen Naik 18 Persen pada Kuartal Ketiga
Perusahaan semen PT Karsa Beton Tbk membukukan laba bersih Rp412 miliar, naik 18 persen dibanding periode yang sama tahun lalu. Pendapatan tumbuh karena proyek infrastruktur.
Direktur keuangan perseroan menyebut beban bunga turun setelah utang dilunasi lebih awal. Dividen interim akan diusulkan kepada pemegang saham.
Saham perseroan ditutup menguat di Bursa Efek Indonesia.""",
        """Pelaku UMKM Keripik Pisang Tembus Pasar Ekspor
Usaha keripik pisang rumahan milik Sri Lestari mengirim kontainer pertamanya ke Malaysia. Modal awalnya dulu hanya Rp2 juta dari pinjaman koperasi.
Kini usaha itu mempekerjakan 24 karyawan dan mencatat omzet Rp180 juta sebulan. Kredit usaha rakyat dari bank dipakai untuk membeli mesin pengemas.
Dinas koperasi berharap lebih banyak pelaku usaha kecil mampu mengurus izin ekspor.""",
    ],
    "gossip": [
        """Aktris Nadine Prameswari Resmi Menikah, Gaun Pengantinnya Jadi Sorotan
Aktris Nadine Prameswari resmi menikah dengan kekasihnya, musisi Gala Wirasena, di Ubud, Bali. Potret mesra keduanya langsung banjir ucapan selamat dari rekan artis.
Lewat Instagram, Nadine mengunggah foto gaun putih rancangan sahabatnya. Warganet memuji penampilannya yang dinilai anggun dan sederhana.
Pasangan selebriti itu sempat putus dua tahun lalu sebelum akhirnya balikan.""",
        """Digugat Cerai, Penyanyi Dangdut Rena Aulia Akhirnya Buka Suara
Penyanyi dangdut Rena Aulia akhirnya buka suara soal kabar gugatan cerai dari suaminya. Ia tak kuasa menahan tangis saat ditemui awak infotainment.
Rena membantah isu orang ketiga dalam rumah tangga mereka. Ia mengaku masih satu rumah demi kedua anaknya dan berharap sang suami mau kembali.
Unggahan galau sang pedangdut di media sosial ramai dikomentari penggemar.""",
        """Member Girl Group Ini Dikabarkan Pacaran, Agensi Beri Tanggapan
Jagat K-pop dihebohkan kabar kencan seorang idol girl group dengan aktor drama Korea. Foto keduanya di kafe beredar luas di kalangan penggemar.
Agensi menyatakan keduanya hanya teman dekat dan meminta fans tidak berspekulasi. Sang idol sedang bersiap comeback dengan album baru bulan depan.
Penggemar terbelah antara memberi dukungan dan kecewa.""",
        """Selebgram Tasya Wulan Pamer Bayi Pertama, Wajahnya Bikin Gemas
Selebgram Tasya Wulan memamerkan wajah anak pertamanya setelah tiga bulan disembunyikan. Unggahan itu disukai lebih dari sejuta pengikut.
Banyak artis gemas melihat pipi sang bayi yang disebut mirip ayahnya, presenter Dimas Aryo. Tasya juga curhat soal susahnya begadang setelah melahirkan.
Netizen mendoakan keluarga kecil itu selalu bahagia.""",
    ],
    "international_politics": [
        """Presiden Prancis dan Kanselir Jerman Bahas Bantuan Militer untuk Ukraina
Presiden Prancis bertemu kanselir Jerman di Berlin untuk membahas bantuan militer bagi Ukraina. Kedua pemimpin sepakat menambah sistem pertahanan udara.
Moskow mengecam langkah itu dan menyebutnya memperpanjang perang. Juru bicara Kremlin memperingatkan konsekuensi bagi negara anggota NATO.
Uni Eropa dijadwalkan membahas sanksi baru terhadap Rusia pekan depan.""",
        """Dewan Keamanan PBB Gagal Sepakati Resolusi Gencatan Senjata di Gaza
Dewan Keamanan PBB gagal mengesahkan resolusi gencatan senjata di Jalur Gaza setelah Amerika Serikat menggunakan hak veto. Tiga belas negara mendukung rancangan itu.
Duta besar Palestina menyebut hasil pemungutan suara itu mengecewakan. Israel bersikeras operasi militernya berlanjut sampai sandera dibebaskan.
Menteri luar negeri sejumlah negara Arab akan bertemu di Kairo.""",
        """Oposisi Menang Pemilu, Perdana Menteri Thailand Mengaku Kalah
Partai oposisi memenangi pemilu parlemen Thailand dengan selisih besar. Perdana menteri petahana mengaku kalah dalam pidato di Bangkok.
Pemimpin oposisi mulai menjajaki koalisi untuk membentuk pemerintahan. Militer menyatakan menghormati hasil pemungutan suara.
Pengamat menilai kebijakan luar negeri negara itu akan bergeser.""",
        """Menlu RI Temui Menlu China, Bahas Laut China Selatan
Menteri luar negeri Indonesia menemui mitranya dari China di Beijing guna membahas perundingan tata perilaku di Laut China Selatan. Keduanya sepakat menurunkan ketegangan.
Indonesia menegaskan kedaulatan di perairan Natuna tidak dapat ditawar. Beijing menyatakan menghormati hukum internasional.
Hasil pertemuan bilateral itu akan dibawa ke KTT ASEAN.""",
    ],
    "other": [
        """Timnas U-23 Menang 2-0 atas Vietnam, Pelatih Puji Lini Belakang
Timnas Indonesia U-23 mengalahkan Vietnam 2-0 dalam laga di Stadion Manahan. Kedua gol dicetak striker pengganti pada babak kedua.
Pelatih memuji penampilan kiper dan para bek yang disiplin. Kemenangan itu membawa timnas ke puncak klasemen grup.
Pertandingan berikutnya digelar Sabtu melawan Kamboja.""",
        """Polisi Tangkap Dua Pelaku Pencurian Motor di Bekasi
Polres Metro Bekasi menangkap dua pelaku pencurian sepeda motor yang beraksi di sepuluh lokasi. Keduanya diringkus di rumah kontrakan pada Kamis dini hari.
Dari tangan tersangka, polisi menyita kunci letter T dan tiga motor. Pelaku dijerat pasal pencurian dengan pemberatan.
Warga diminta memasang kunci ganda saat memarkir kendaraan.""",
        """Banjir Rendam Ratusan Rumah di Demak, Warga Mengungsi ke Masjid
Banjir merendam ratusan rumah di Demak setelah tanggul sungai jebol akibat hujan deras. Ketinggian air mencapai satu meter.
Petugas BPBD mengevakuasi warga lanjut usia dengan perahu karet. Sebagian pengungsi menempati masjid dan balai desa.
BMKG memperkirakan hujan masih turun hingga akhir pekan.""",
        """Dokter Ingatkan Bahaya Kurang Tidur bagi Kesehatan Jantung
Dokter spesialis jantung mengingatkan bahwa kurang tidur dapat meningkatkan risiko hipertensi. Orang dewasa disarankan tidur tujuh jam setiap malam.
Penelitian pada ribuan pasien menunjukkan gangguan tidur berkaitan dengan penyakit jantung. Gejalanya kerap tidak disadari.
Olahraga teratur dan mengurangi kopi pada malam hari dapat membantu.""",
    ],
}
